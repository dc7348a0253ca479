/** The spoken conversation: what can be read off it. Pure; only levels and words ever come here, never sound. */
import type {
  ApiError,
  EngineView,
  MessageView,
  ModelView,
  SharingView,
  SoundDevice,
  TurnTimingsView,
  VoiceLevels,
  VoicePhase,
  VoiceView,
} from '../generated/api';
import type { Key } from '../i18n/index.svelte';
import { fmt } from '../i18n/index.svelte';
import { isUsable } from './models';

export const SILENCE: VoiceLevels = { user: 0, assistant: 0 };

export function isOn(voice: VoiceView): boolean {
  return voice.phase !== 'off';
}

/** A light has to be shown. */
export function isMicrophoneOpen(voice: VoiceView): boolean {
  return voice.microphone.kind === 'open';
}

/** A reply is heard or on its way: the first Esc stops it. */
export function isReplying(voice: VoiceView): boolean {
  return ['thinking', 'speaking', 'contested'].includes(voice.phase) || voice.speaking !== null;
}

/** Whose turn the picture shows. */
export function whoSpeaks(phase: VoicePhase): 'user' | 'assistant' | null {
  if (phase === 'hearing') return 'user';
  return phase === 'speaking' || phase === 'thinking' || phase === 'contested' ? 'assistant' : null;
}

/**
 * Whether a screen reader says this state. What can be heard anyway is left to the ear: an announcement over one's own
 * voice, or over the reply's, would only be in the way.
 */
export function isAnnounced(phase: VoicePhase): boolean {
  return phase !== 'off' && phase !== 'hearing' && phase !== 'speaking';
}

export interface Hint {
  key: Key;
  with?: Record<string, string>;
  /** It is shown although words stand there: the state cannot be understood without it. */
  stays: boolean;
}

/** What there is to know, or to do, in this state. */
export function hintOf(voice: VoiceView, engine: EngineView): Hint | null {
  switch (voice.phase) {
    case 'starting':
      if (voice.waits_for !== 'model') return { key: 'voice.waits.speech', stays: true };
      if (engine.kind !== 'loading') return { key: 'voice.waits.model', stays: true };
      return {
        key: 'engine.loading_progress',
        with: { model: engine.model, percent: fmt.percent(engine.progress) },
        stays: true,
      };
    case 'muted':
      return { key: 'voice.hint.muted', stays: true };
    case 'waiting_for_key':
      return { key: 'voice.hint.waiting_for_key', stays: false };
    case 'listening':
      return { key: 'voice.hint', stays: false };
    default:
      return null;
  }
}

/** Whether the panel belongs to the conversation that is shown; `open` is none before a conversation is begun. */
export function belongsTo(voice: VoiceView, open: string | null): boolean {
  return voice.conversation === open;
}

/** The end of a text, from the beginning of a word, at most so many characters; without Markdown's marks. */
export function lastWords(text: string, most: number): string {
  const plain = text
    .replace(/^[#>\s]+|[*_`]+/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (plain.length <= most) return plain;
  const end = plain.slice(-most);
  const space = end.indexOf(' ');
  // Languages without spaces are cut anywhere.
  return '…' + (space >= 0 && space < most / 2 ? end.slice(space + 1) : end);
}

export interface Captions {
  user: { committed: string; tentative: string; live: boolean };
  assistant: { text: string; live: boolean };
}

/** The last words of both sides; `spoken` is the last message that was spoken since the panel is open. */
export function captions(
  voice: VoiceView,
  messages: MessageView[],
  spoken: string | null,
  most: number,
): Captions {
  const { committed, tentative } = voice.caption;
  const at = spoken === null ? -1 : messages.findLastIndex((one) => one.id === spoken);
  const reply = messages[at];
  const live = committed !== '' || tentative !== '';
  const said = reply ? (messages.slice(0, at).findLast((one) => one.speaker === 'user')?.text ?? '') : '';
  const room = Math.max(24, most - tentative.length);
  return {
    user: {
      committed: lastWords(live ? committed : said, room),
      tentative: lastWords(tentative, most),
      live,
    },
    assistant: {
      text: lastWords(reply?.text ?? '', most),
      live: reply !== undefined && voice.speaking === spoken,
    },
  };
}

export const STAGES = [
  'silence_seen',
  'transcript_final',
  'end_believed',
  'first_token',
  'first_audio',
  'first_sound',
] as const satisfies readonly (keyof TurnTimingsView)[];
export type Stage = (typeof STAGES)[number];

/** What each stage waits for: its bar begins where the later of these ended. */
const AFTER: Record<Stage, readonly Stage[]> = {
  silence_seen: [],
  transcript_final: ['silence_seen'],
  end_believed: ['silence_seen'],
  first_token: ['transcript_final', 'silence_seen'],
  first_audio: ['first_token'],
  first_sound: ['first_audio', 'end_believed'],
};

export interface Bar {
  stage: Stage;
  /** Milliseconds after the user's last sound; null where not known. */
  at: number | null;
  /** Parts of the whole, 0..=1. */
  from: number;
  to: number;
}

export function waterfall(timings: TurnTimingsView): Bar[] {
  const whole = Math.max(1, ...STAGES.map((stage) => timings[stage] ?? 0));
  const share = (ms: number) => Math.min(1, Math.max(0, ms / whole));
  return STAGES.map((stage) => {
    const at = timings[stage];
    if (at === null) return { stage, at, from: 0, to: 0 };
    const before = Math.max(0, ...AFTER[stage].map((one) => timings[one] ?? 0));
    return { stage, at, from: share(Math.min(before, at)), to: share(at) };
  });
}

/** What a spoken conversation needs besides a chat model, in the order in which it is offered. */
const NEEDED = ['speech_to_text', 'end_of_turn', 'voice_activity', 'runtime'] as const;
const SPOKEN: readonly string[] = [...NEEDED, 'text_to_speech'];

export function isVoiceModel(model: ModelView): boolean {
  return SPOKEN.includes(model.task);
}

/** One model for each thing that is needed: what is here, else the first of the catalogue. */
export function voiceStarters(models: ModelView[]): ModelView[] {
  return NEEDED.flatMap((task) => {
    const those = models.filter((one) => one.task === task);
    return those.find(isUsable) ?? those[0] ?? [];
  });
}

/** What reading the text in pictures needs, for a model that cannot see. */
export function readingStarters(models: ModelView[]): ModelView[] {
  const reader = models.find((one) => one.task === 'text_recognition');
  const runtime = models.find((one) => one.task === 'runtime');
  return reader ? [reader, ...(runtime ? [runtime] : [])] : [];
}

export function recognisers(models: ModelView[]): ModelView[] {
  return models.filter((one) => one.task === 'speech_to_text' && isUsable(one));
}

export interface Option {
  /** Empty: the system's default, or the best one. */
  value: string;
  name: string;
}

export interface DeviceWords {
  automatic: string;
  automaticNamed(name: string): string;
  missing(name: string): string;
}

/** The choices for a device: the system's default first; one that is chosen and gone stays visible. */
export function deviceOptions(devices: SoundDevice[], chosen: string, words: DeviceWords): Option[] {
  const usual = devices.find((one) => one.is_default);
  const out = [{ value: '', name: usual ? words.automaticNamed(usual.label) : words.automatic }];
  for (const one of devices) out.push({ value: one.name, name: one.label });
  return withChosen(out, chosen, words);
}

/** Keeps what is chosen among the choices even when it is not there. */
export function withChosen(options: Option[], chosen: string, words: Pick<DeviceWords, 'missing'>): Option[] {
  if (options.some((one) => one.value === chosen)) return options;
  return [...options, { value: chosen, name: words.missing(chosen) }];
}

/** What is to be said about a problem: voice models and chat models are fetched in different places. */
export function isVoiceModelMissing(error: ApiError, canChat: boolean): boolean {
  return error.code === 'no_model' && canChat;
}

/** The sentence that says what is shared. */
export function sightName({ what, name }: SharingView): Key {
  return name === '' ? 'share.on' : `share.on.${what.kind}`;
}
