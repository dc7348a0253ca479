import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { en, type Key } from '../../src/i18n/en';
import { bytes, count, format, percent, seconds } from '../../src/i18n/format';
import { CATALOGUES, pickLanguage } from '../../src/i18n/index.svelte';
import { SETTINGS } from '../../src/state/settings';
import { SHORTCUTS } from '../../src/state/keys';

/** Names of the parameters that a message needs. */
function names(message: string): string[] {
  const plain = message.replace(/\{(\w+), plural,((?:[^{}]|\{[^{}]*\})*)\}/g, '{$1} $2');
  return [...new Set([...plain.matchAll(/\{(\w+)\}/g)].map((hit) => hit[1] ?? ''))]
    .filter((name) => !['nothing', 'nada', '无'].includes(name))
    .sort();
}

describe.each(Object.keys(CATALOGUES))('the catalogue %s', (code) => {
  const catalogue = CATALOGUES[code]!;
  const keys = Object.keys(en) as Key[];

  test('has every key and no other', () => {
    expect(Object.keys(catalogue).sort()).toEqual([...keys].sort());
  });

  test('leaves nothing empty and takes the same parameters', () => {
    for (const key of keys) {
      expect(catalogue[key].trim(), key).not.toBe('');
      expect(names(catalogue[key]), key).toEqual(names(en[key]));
    }
  });

  test('has no exclamation marks', () => {
    for (const key of keys) expect(catalogue[key], key).not.toMatch(/[!！¡]/);
  });

  test('has the forms its language needs', () => {
    const needed = new Intl.PluralRules(code)
      .resolvedOptions()
      .pluralCategories.filter((one) => one !== 'many');
    for (const key of keys) {
      if (!catalogue[key].includes(', plural,')) continue;
      for (const form of needed)
        expect(catalogue[key], `${key}: ${form}`).toMatch(new RegExp(`\\b${form} \\{`));
    }
  });
});

test('every setting and shortcut has a name and an effect', () => {
  for (const { path } of SETTINGS) {
    expect(en).toHaveProperty([`setting.${path}`]);
    expect(en).toHaveProperty([`setting.${path}.effect`]);
  }
  for (const { action } of SHORTCUTS) expect(en).toHaveProperty([`shortcuts.${action}`]);
});

test('every key is used', () => {
  const source = (folder: string): string =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(svelte|ts)$/.test(name) && !name.startsWith('i18n'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n');
  const all = source(join(import.meta.dirname, '../../src'));
  // Written out, or the beginning of a key that is put together: `list.group.${…}`.
  const made = [...all.matchAll(/[`']([a-z_]+(?:\.[a-z_]+)*[._]?[a-z_]*)\$\{/g)].map((hit) => hit[1] ?? '');
  const used = (key: string) =>
    all.includes(`'${key}'`) || made.some((start) => start !== '' && key.startsWith(start));
  expect(Object.keys(en).filter((key) => !used(key))).toEqual([]);
});

describe('messages', () => {
  const cats = '{n, plural, =0 {no cats} one {# cat of {who}} other {# cats of {who}}}';
  test.each([
    ['en', 'Hello {name}', { name: 'Ada' }, 'Hello Ada'],
    ['en', 'Hello {name}', {}, 'Hello {name}'],
    ['en', cats, { n: 0, who: 'Ada' }, 'no cats'],
    ['en', cats, { n: 1, who: 'Ada' }, '1 cat of Ada'],
    ['en', cats, { n: 1200, who: 'Ada' }, '1,200 cats of Ada'],
    ['es', '{n, plural, one {# cosa} other {# cosas}}', { n: 12000 }, '12.000 cosas'],
    ['zh', '{n, plural, other {# 个}}', { n: 1 }, '1 个'],
    ['en', 'after {n, plural, other {#}} it', { n: 3 }, 'after 3 it'],
    ['en', '{text}', { text: '{n} stays' }, '{n} stays'],
  ] as const)('%s: %s with %j', (locale, message, params, expected) => {
    expect(format(locale, message, params)).toBe(expected);
  });
});

describe('figures', () => {
  test.each([
    [0, '0 byte'],
    [999, '999 byte'],
    [98_362_432, '98 MB'],
    [999_900, '1 MB'],
    [2_841_481_184, '2.8 GB'],
    [42_000_000_000, '42 GB'],
  ])('%d bytes are %s', (value, expected) => {
    expect(bytes('en', value)).toBe(expected);
  });
  test.each([
    [0.0834, '0.08 sec'],
    [1.234, '1.2 sec'],
    [42, '42 sec'],
    [600, '10 min'],
    [7200, '2 hr'],
  ])('%d seconds are %s', (value, expected) => {
    expect(seconds('en', value)).toBe(expected);
  });
  test('large numbers in words', () => {
    expect(count('en', 134_515_008)).toBe('135 million');
    expect(count('zh', 5_100_000_000)).toBe('51亿');
  });
  test('each in the reader’s way', () => {
    expect(bytes('es', 2_841_481_184)).toBe('2,8 GB');
    expect(percent('en', 0.424)).toBe('42%');
  });
});

test.each([
  ['system', ['de-DE', 'es-MX'], 'es'],
  ['system', ['zh-Hant-TW'], 'zh'],
  ['system', ['fr'], 'en'],
  ['zh', ['es'], 'zh'],
  ['xx', ['es'], 'en'],
  [undefined, ['es'], 'es'],
])('the setting %s on a system that prefers %j gives %s', (setting, preferred, expected) => {
  expect(pickLanguage(setting ?? 'system', preferred)).toBe(expected);
});
