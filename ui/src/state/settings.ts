/**
 * Every setting as the pages show it. The kinds and ranges are those of `crates/settings`; the application checks them
 * again. The labels are in the catalogues, by path.
 */
import type { SettingsPage } from './ui.svelte';

export type Kind =
  | { kind: 'choice'; options: readonly string[] }
  | { kind: 'steps'; options: readonly number[] }
  | { kind: 'switch' }
  | { kind: 'number'; min: number; max: number; step: number; optional?: boolean }
  | { kind: 'text'; optional: boolean }
  | { kind: 'long_text' }
  /** One of what is there now; empty: the default. */
  | { kind: 'listed'; list: 'microphones' | 'speakers' | 'recognisers' | 'voices' }
  | { kind: 'slider'; min: number; max: number; step: number; as: 'times' | 'percent' };

export interface Setting {
  path: string;
  page: SettingsPage;
  kind: Kind;
  /** Only where the program has windows of its own. */
  desktop?: true;
}

const choice = (...options: string[]): Kind => ({ kind: 'choice', options });
const number = (min: number, max: number, step: number, optional = false): Kind => ({
  kind: 'number',
  min,
  max,
  step,
  optional,
});

export const SETTINGS: readonly Setting[] = [
  { path: 'general.language', page: 'general', kind: choice('system', 'en', 'zh', 'es') },
  { path: 'general.theme', page: 'general', kind: choice('system', 'light', 'dark') },
  {
    path: 'general.text_size',
    page: 'general',
    kind: { kind: 'steps', options: [80, 90, 100, 110, 125, 150, 175, 200] },
  },
  { path: 'general.send_with', page: 'general', kind: choice('enter', 'ctrl_enter') },
  { path: 'general.reduced_motion', page: 'general', kind: choice('system', 'on', 'off') },
  { path: 'general.on_close', page: 'general', kind: choice('ask', 'keep', 'quit'), desktop: true },
  { path: 'general.notify', page: 'general', kind: choice('plain', 'text', 'off'), desktop: true },
  { path: 'model.system_prompt', page: 'answers', kind: { kind: 'long_text' } },
  { path: 'model.thinking', page: 'answers', kind: choice('auto', 'off') },
  { path: 'model.max_tokens', page: 'answers', kind: number(1, 1_048_576, 1, true) },
  { path: 'model.context_tokens', page: 'answers', kind: number(512, 1_048_576, 1) },
  { path: 'model.temperature', page: 'answers', kind: number(0, 2, 0.05) },
  { path: 'model.top_p', page: 'answers', kind: number(0, 1, 0.01) },
  { path: 'model.top_k', page: 'answers', kind: number(0, 10_000, 1) },
  { path: 'model.min_p', page: 'answers', kind: number(0, 1, 0.01) },
  { path: 'model.repeat_penalty', page: 'answers', kind: number(0.5, 2, 0.05) },
  { path: 'model.seed', page: 'answers', kind: number(0, Number.MAX_SAFE_INTEGER, 1, true) },
  { path: 'model.threads', page: 'answers', kind: number(1, 512, 1, true) },
  { path: 'model.gpu', page: 'answers', kind: choice('auto', 'off') },
  { path: 'voice.microphone', page: 'voice', kind: { kind: 'listed', list: 'microphones' } },
  { path: 'voice.speaker', page: 'voice', kind: { kind: 'listed', list: 'speakers' } },
  { path: 'voice.mode', page: 'voice', kind: choice('hands_free', 'push_to_talk') },
  { path: 'voice.language', page: 'voice', kind: choice('auto', 'en', 'es', 'zh') },
  { path: 'voice.recogniser', page: 'voice', kind: { kind: 'listed', list: 'recognisers' } },
  { path: 'voice.voice', page: 'voice', kind: { kind: 'listed', list: 'voices' } },
  {
    path: 'voice.rate',
    page: 'voice',
    kind: { kind: 'slider', min: 0.5, max: 2, step: 0.05, as: 'times' },
  },
  {
    path: 'voice.volume',
    page: 'voice',
    kind: { kind: 'slider', min: 0, max: 1, step: 0.05, as: 'percent' },
  },
  { path: 'models.offline', page: 'models', kind: { kind: 'switch' } },
  { path: 'models.hub_endpoint', page: 'models', kind: { kind: 'text', optional: true } },
  { path: 'models.folder', page: 'models', kind: { kind: 'text', optional: true } },
  { path: 'history.keep_deleted_days', page: 'privacy', kind: number(0, 3650, 1) },
];

/** What a field's text means: a value, null for "automatic", or undefined when it may not be. */
export function parse(kind: Kind, text: string): unknown {
  const plain = text.trim();
  if (kind.kind === 'number') {
    if (plain === '') return kind.optional ? null : undefined;
    const value = Number(plain.replace(',', '.'));
    const whole = Number.isInteger(kind.step);
    if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) return undefined;
    return value < kind.min || value > kind.max ? undefined : value;
  }
  if (kind.kind === 'text') return plain === '' ? (kind.optional ? null : undefined) : plain;
  return text;
}

/** A value as a field shows it: without the noise of binary fractions. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
}
