import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { katexCss } from './katex-css.mjs';

it('katex.css is what katex-css.mjs makes of the installed KaTeX', async () => {
  expect(readFileSync(new URL('./katex.css', import.meta.url), 'utf8')).toBe(await katexCss());
});
