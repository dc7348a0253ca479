/** The colours of both themes are readable: WCAG AA, computed from the style sheet itself. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../src/styles/tokens.css', import.meta.url), 'utf8');

function theme(name: string): Map<string, string> {
  const block = new RegExp(`:root\\[data-theme='${name}'\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? '';
  return new Map([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((hit) => [hit[1]!, hit[2]!]));
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x! + 0.05) / (y! + 0.05);
}

describe.each(['light', 'dark'])('the %s theme', (name) => {
  const colours = theme(name);
  const pairs = [
    ...[
      'bg',
      'side',
      'raised',
      'bubble',
      'field',
      'bad-soft',
      'warn-soft',
      'good-soft',
      'accent-soft',
    ].flatMap((surface) => [
      ['text', surface],
      ['quiet', surface],
    ]),
    ['text', 'knob'],
    ['accent', 'bg'],
    ['accent', 'raised'],
    ['accent', 'side'],
    ['accent', 'accent-soft'],
    ['on-accent', 'accent'],
    ['bad', 'bg'],
    ['bad', 'raised'],
    ['bad', 'bad-soft'],
    ['warn', 'warn-soft'],
    ['good', 'good-soft'],
    ['good', 'bg'],
    ['text', 'mark'],
  ] as [string, string][];
  test.each(pairs)('%s on %s', (text, surface) => {
    expect(contrast(colours.get(text)!, colours.get(surface)!)).toBeGreaterThanOrEqual(4.5);
  });
});
