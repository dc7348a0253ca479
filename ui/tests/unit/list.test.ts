import { describe, expect, test } from 'vitest';
import { occurrences, parts } from '../../src/state/highlight';
import { append, groups, refresh, remove, upsert } from '../../src/state/list';
import { layout, visible } from '../../src/state/rows';
import { summary } from './world';

const list = (...items: ReturnType<typeof summary>[]) => ({ items, next: null });
const ids = (of: { items: { id: string }[] }) => of.items.map((one) => one.id).join('');

describe('the list', () => {
  const abc = list(
    summary('p', { pinned: true, updated: 1 }),
    summary('a', { updated: 30 }),
    summary('b', { updated: 20 }),
  );

  test('a newer conversation goes below the pinned ones', () => {
    expect(ids(upsert(abc, summary('n', { updated: 40 })))).toBe('pnab');
  });
  test('a changed one moves', () => {
    expect(ids(upsert(abc, summary('b', { updated: 50 })))).toBe('pba');
    expect(ids(upsert(abc, summary('b', { updated: 20, pinned: true })))).toBe('bpa');
    expect(ids(upsert(abc, summary('p', { updated: 1 })))).toBe('abp');
  });
  test('a removed one goes, an unknown one changes nothing', () => {
    expect(ids(remove(abc, 'a'))).toBe('pb');
    expect(remove(abc, 'x')).toBe(abc);
  });
  test('a page brings nothing twice', () => {
    const grown = append({ ...abc, next: '3' }, { items: [summary('b'), summary('c')], next: null });
    expect(ids(grown)).toBe('pabc');
    expect(grown.next).toBeNull();
  });
  test('search results keep their order and their passage', () => {
    const found = list(summary('x', { snippet: 'the hit', matches: [[4, 7]] }), summary('y'));
    const next = refresh(found, summary('x', { title: 'New', snippet: 'else', updated: 99 }));
    expect(next.items[0]).toMatchObject({ title: 'New', snippet: 'the hit', matches: [[4, 7]] });
    expect(refresh(found, summary('z'))).toBe(found);
  });
});

test('groups go by local days, pinned apart', () => {
  const now = new Date(2026, 2, 30, 0, 30).getTime();
  const at = (...parts: [number, number, number, number]) => new Date(...parts).getTime();
  const items = [
    summary('p', { pinned: true, updated: now }),
    summary('t', { updated: at(2026, 2, 30, 0) }),
    summary('y', { updated: at(2026, 2, 29, 23) }),
    summary('z', { updated: at(2026, 2, 29, 0) }),
    summary('e', { updated: at(2026, 2, 28, 23) }),
  ];
  expect(groups(items, now).map((one) => [one.name, one.items.map((item) => item.id).join('')])).toEqual([
    ['pinned', 'p'],
    ['today', 't'],
    ['yesterday', 'yz'],
    ['earlier', 'e'],
  ]);
});

describe('rows in view', () => {
  const sizes = { heading: 30, row: 40 };
  const many = Array.from({ length: 10_000 }, (_, n) => summary(`c${n}`));
  const whole = layout(
    [
      { name: 'pinned', items: many.slice(0, 2) },
      { name: 'earlier', items: many.slice(2) },
    ],
    sizes,
  );
  const drawn = (from: number, to: number, keep: string | null = null) =>
    visible(whole, sizes, from, to, keep).flatMap((section) => section.rows.map((row) => row.index));

  test('all have a place', () => {
    expect(whole.height).toBe(2 * 30 + 10_000 * 40);
    expect(whole.rows[2]?.top).toBe(30 + 2 * 40 + 30);
  });
  test('few are drawn', () => {
    expect(drawn(0, 400).length).toBeLessThan(12);
    expect(drawn(200_000, 200_400)).toContain(5000);
    expect(drawn(200_000, 200_400).length).toBeLessThan(13);
  });
  test('every row that touches the view is drawn', () => {
    for (const from of [0, 15, 29, 30, 31, 111, 140, 4567]) {
      const wanted = whole.rows
        .filter((row) => row.top + 40 > from && row.top < from + 300)
        .map((row) => row.index);
      expect(drawn(from, from + 300)).toEqual(expect.arrayContaining(wanted));
    }
  });
  test('the focused one stays drawn', () => {
    expect(drawn(0, 400, 'c9000')).toContain(9000);
  });
  test.each(['c0', 'c5', 'c4999', 'c5003', 'c9000'])('and %s in its place', (focused) => {
    const rows = drawn(200_000, 200_400, focused);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
  });
});

describe('highlights', () => {
  const marked = (text: string, matches: [number, number][]) =>
    parts(text, matches)
      .map((part) => (part.hit ? `[${part.text}]` : part.text))
      .join('');
  test.each([
    ['a tide table', [[2, 6]], 'a [tide] table'],
    ['tide', [[0, 4]], '[tide]'],
    ['tide', [], 'tide'],
    ['潮汐是什么', [[0, 2]], '[潮汐]是什么'],
    [
      'ab',
      [
        [0, 1],
        [0, 2],
      ],
      '[a]b',
    ],
    ['ab', [[5, 9]], 'ab'],
    ['ab', [[1, 9]], 'a[b]'],
  ] as [string, [number, number][], string][])('%s %j', (text, matches, expected) => {
    expect(marked(text, matches)).toBe(expected);
  });
  test('words of a query are found in a title whatever their case', () => {
    expect(occurrences('Tides and tide tables', 'TABLES tide')).toEqual([
      [0, 4],
      [10, 14],
      [15, 21],
    ]);
  });
});
