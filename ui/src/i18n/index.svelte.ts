/** The language of the window. Reading `t(…)` in a component makes it follow the language. */
import { en, type Catalogue, type Key } from './en';
import { es } from './es';
import * as forms from './format';
import { zh } from './zh';

export type { Key } from './en';

export const CATALOGUES: Record<string, Catalogue> = { en, zh, es };
/** Each language by its own name. */
export const LANGUAGE_NAMES: Record<string, string> = { en: 'English', zh: '中文', es: 'Español' };

let current = $state('en');

/** The language to be used for a setting (`system` or a code) on a system with these preferences. */
export function pickLanguage(setting: unknown, preferred: readonly string[]): string {
  const wanted = typeof setting === 'string' && setting !== 'system' ? [setting] : preferred;
  for (const one of wanted) {
    const code = one.toLowerCase().split(/[-_]/)[0] ?? '';
    if (code in CATALOGUES) return code;
  }
  return 'en';
}

export function setLanguage(code: string): void {
  current = code;
}

export function language(): string {
  return current;
}

export function t(key: Key, params?: forms.Params): string {
  return forms.format(current, CATALOGUES[current]?.[key] ?? en[key], params);
}

/** A key made up at run time, where the catalogue has it. */
export function tMaybe(key: string, params?: forms.Params): string | null {
  return key in en ? t(key as Key, params) : null;
}

export const fmt = {
  number: (value: number, options?: Intl.NumberFormatOptions) => forms.number(current, value, options),
  count: (value: number) => forms.count(current, value),
  bytes: (value: number) => forms.bytes(current, value),
  seconds: (value: number) => forms.seconds(current, value),
  percent: (share: number) => forms.percent(current, share),
  moment: (ms: number) => forms.moment(current, ms, Date.now()),
  when: (ms: number) => forms.when(current, ms, Date.now()),
};
