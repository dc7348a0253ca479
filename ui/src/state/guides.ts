/** Questions about what is shown, ready to be asked: a click writes one, and the user may change it before it is sent. */
import { language } from '../i18n/index.svelte';
import type { Waiting } from './attaching.svelte';

export const GUIDES = ['code', 'plot', 'teach', 'mood'] as const;
export type Guide = (typeof GUIDES)[number];

const TEXTS = import.meta.glob<string>('../../../assets/prompts/*/*.md', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** The question in the language of the window, or in another; in English where there is none in that. */
export function guideText(guide: Guide, code = language()): string {
  const of = (one: string) => TEXTS[`../../../assets/prompts/${one}/${guide}.md`];
  return (of(code) ?? of('en') ?? '').trim();
}

/** Those that fit what waits to be sent: a text can only be explained. */
export function guidesFor(files: readonly Waiting[]): readonly Guide[] {
  const kinds = files.map((one) => one.attachment?.kind.kind);
  if (kinds.includes('picture')) return GUIDES;
  return kinds.includes('text') ? ['code'] : [];
}
