/** What the user has before them, on its way into a question. Pure. */
import type { PictureOf, Seen } from '../generated/api';
import { t } from '../i18n/index.svelte';
import type { KeyPress } from './keys';

export const LOOKS = ['selection', 'clipboard', 'screen', 'window', 'region'] as const;
/** What is asked of a text with one key. */
export const WISHES = ['explain', 'fix', 'translate', 'summarise'] as const;
export type Wish = (typeof WISHES)[number];

export type SeenText = Extract<Seen, { kind: 'text' }>;

export type LookAction = { kind: 'look'; at: (typeof LOOKS)[number] } | { kind: 'wish'; wish: Wish };

/** What a picture is called. */
export function nameOf(of: PictureOf): string {
  if (of.kind === 'window')
    return of.title === '' ? t('look.window_name') : t('look.of_window', { title: of.title });
  if (of.kind === 'region')
    return t('look.of_region', { width: String(of.width), height: String(of.height) });
  return of.kind === 'screen' ? t('look.of_screen') : t('attach.picture');
}

/** Ctrl (on a Mac Command) with a digit adds something, Alt with a digit asks about it. */
export function lookAction(press: KeyPress & { code: string }): LookAction | null {
  const digit = /^Digit([1-9])$/.exec(press.code)?.[1];
  if (digit === undefined || press.shiftKey) return null;
  const mod = press.ctrlKey || press.metaKey;
  const at = LOOKS[Number(digit) - 1];
  if (mod && !press.altKey && at) return { kind: 'look', at };
  const wish = WISHES[Number(digit) - 1];
  return press.altKey && !mod && wish ? { kind: 'wish', wish } : null;
}

/** The message: what is asked, and below it the text, fenced so that nothing in it is taken for anything else. */
export function withText(words: string, seen: SeenText, from: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(seen.text) + 1));
  const intro = from === '' ? '' : `${from}\n\n`;
  return `${words}\n\n${intro}${fence}\n${seen.text}\n${fence}`;
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
}

export function linesOf(seen: SeenText): number {
  return seen.text.split(/\r\n|\r|\n/).length;
}
