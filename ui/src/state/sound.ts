/** What is wrong with the sound, in the reader's words. */
import type { ApiError, SoundReason, SoundSide } from '../generated/api';
import type { Params } from '../i18n/format';
import { t, tMaybe } from '../i18n/index.svelte';

const named = (reason: SoundReason): Params => ('device' in reason ? { device: reason.device } : {});

/** What happened. */
export function soundSentence(reason: SoundReason): string {
  return t(`sound.${reason.kind}`, named(reason));
}

/** What to do about it; null where only the message says more. */
export function soundAdvice(reason: SoundReason): string | null {
  return tMaybe(`sound.${reason.kind}.do`, named(reason));
}

export interface Trouble {
  error: ApiError;
  sentence?: string;
  detail?: string;
}

/** What is to be said of a side that is lost: what happened, what to do, and `still`, what works without it. */
export function lostSide(side: SoundSide, still?: string): Trouble | null {
  if (side.kind !== 'lost') return null;
  const { device, error } = side;
  const reason = error.sound;
  const advice = reason ? soundAdvice(reason) : null;
  const detail = [advice ?? error.message, still].filter(Boolean).join(' ');
  const isGone = reason?.kind === 'no_microphone' || reason?.kind === 'no_speaker';
  const sentence = device !== null && isGone ? t('voice.gone', { device }) : undefined;
  return { error, detail, ...(sentence === undefined ? {} : { sentence }) };
}

/** The same trouble, told by several: the first of them stays. */
export function once(all: (Trouble | null)[]): Trouble[] {
  const told = new Set<string>();
  return all.filter((one): one is Trouble => {
    if (one === null || told.has(one.error.message)) return false;
    told.add(one.error.message);
    return true;
  });
}
