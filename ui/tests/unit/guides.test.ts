import { expect, test } from 'vitest';
import { CATALOGUES } from '../../src/i18n/index.svelte';
import { GUIDES, guidesFor, guideText } from '../../src/state/guides';
import type { Waiting } from '../../src/state/attaching.svelte';

const waiting = (kind: 'picture' | 'text'): Waiting => ({
  id: 1,
  name: '',
  attachment: {
    content: 'a',
    name: '',
    media_type: '',
    bytes: 1,
    kind: kind === 'text' ? { kind } : { kind, width: 1, height: 1 },
  },
});

test('every question is there in every language', () => {
  const all = Object.keys(CATALOGUES).flatMap((code) => GUIDES.map((guide) => guideText(guide, code)));
  expect(all.filter((text) => text.length < 20)).toEqual([]);
  expect(new Set(all).size).toBe(all.length);
});

test('a text can be explained, a picture read and more', () => {
  expect(guidesFor([])).toEqual([]);
  expect(guidesFor([waiting('text')])).toEqual(['code']);
  expect(guidesFor([waiting('text'), waiting('picture')])).toEqual(GUIDES);
});
