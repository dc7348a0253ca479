/** Puts the appearance settings onto the document: theme, motion, text size, language. */
import { pickLanguage, setLanguage } from '../i18n/index.svelte';

export interface Appearance {
  theme: unknown;
  motion: unknown;
  textSize: unknown;
  language: unknown;
}

/** The scale for a text size in percent. */
export function textScale(size: unknown): number {
  return typeof size === 'number' ? Math.min(3, Math.max(0.5, size / 100)) : 1;
}

export function resolveTheme(setting: unknown, systemDark: boolean): 'light' | 'dark' {
  if (setting === 'light' || setting === 'dark') return setting;
  return systemDark ? 'dark' : 'light';
}

export function resolveMotion(setting: unknown, systemReduced: boolean): 'reduced' | 'full' {
  if (setting === 'on') return 'reduced';
  if (setting === 'off') return 'full';
  return systemReduced ? 'reduced' : 'full';
}

const dark = () => matchMedia('(prefers-color-scheme: dark)');
const reduced = () => matchMedia('(prefers-reduced-motion: reduce)');

/** Gives the motion that holds. */
export function applyAppearance(wanted: Appearance): 'reduced' | 'full' {
  const root = document.documentElement;
  root.dataset['theme'] = resolveTheme(wanted.theme, dark().matches);
  const motion = resolveMotion(wanted.motion, reduced().matches);
  root.dataset['motion'] = motion;
  root.style.setProperty('--text-scale', String(textScale(wanted.textSize)));
  const language = pickLanguage(wanted.language, navigator.languages);
  setLanguage(language);
  root.lang = language === 'zh' ? 'zh-Hans' : language;
  return motion;
}

/** Calls back when the system changes its theme or its wish for motion. */
export function onSystemAppearance(changed: () => void): () => void {
  const lists = [dark(), reduced()];
  for (const list of lists) list.addEventListener('change', changed);
  return () => {
    for (const list of lists) list.removeEventListener('change', changed);
  };
}
