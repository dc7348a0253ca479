import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./markdown.css', import.meta.url), 'utf8');

/** Relative luminance of #rrggbb (WCAG 2.2). */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

describe.each([
  ['light', css.indexOf('.md,')],
  ['dark', css.indexOf(":root[data-theme='dark'] .md")],
])('%s code colours', (_, at) => {
  const rule = css.slice(at, css.indexOf('}', at));
  const colours = [...rule.matchAll(/(--md-[\w-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1]!, m[2]!] as const);
  const ground = colours.find(([name]) => name === '--md-code-bg')![1];
  it.each(colours.filter(([name]) => name !== '--md-code-bg'))('%s', (_name, colour) => {
    expect(contrast(colour, ground)).toBeGreaterThanOrEqual(4.5);
  });
});
