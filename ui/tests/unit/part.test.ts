import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { between, isClick, laid, middle, moved, onPage, onStill } from '../../src/state/part';

const FULL = { width: 1920, height: 1080 };
const press = (key: string, held = '') => ({
  key,
  ctrlKey: held.includes('c'),
  altKey: held.includes('a'),
  shiftKey: held.includes('s'),
  metaKey: false,
});

describe('a still on a page', () => {
  test('of a screen with four pixels to each of CSS is covered by the page, pixel for pixel', () => {
    const still = { width: 3840, height: 2160 };
    const at = laid(still, FULL);
    expect(at).toEqual({ scale: 0.5, x: 0, y: 0 });
    const drawn = between(onStill({ x: 100, y: 50 }, at, still), onStill({ x: 420, y: 290 }, at, still));
    expect(drawn).toEqual({ x: 200, y: 100, width: 640, height: 480 });
    expect(onPage(drawn, at)).toEqual({ x: 100, y: 50, width: 320, height: 240 });
  });

  test('at a scale of 1.5 a part is whole pixels of the still', () => {
    const still = { width: 2880, height: 1620 };
    const at = laid(still, FULL);
    const drawn = between(onStill({ x: 0, y: 0 }, at, still), onStill({ x: 101, y: 101 }, at, still));
    expect(drawn).toEqual({ x: 0, y: 0, width: 152, height: 152 });
  });

  test('that the window does not quite have room for keeps its shape, in the middle', () => {
    const at = laid({ width: 1600, height: 800 }, { width: 800, height: 500 });
    expect(at).toEqual({ scale: 0.5, x: 0, y: 50 });
    expect(onStill({ x: 10, y: 60 }, at, { width: 1600, height: 800 })).toEqual({ x: 20, y: 20 });
  });

  test('has every part inside of it, wherever the pointer goes', () => {
    const any = fc.record({
      x: fc.integer({ min: -500, max: 4000 }),
      y: fc.integer({ min: -500, max: 4000 }),
    });
    const size = fc.record({
      width: fc.integer({ min: 1, max: 5000 }),
      height: fc.integer({ min: 1, max: 3000 }),
    });
    fc.assert(
      fc.property(any, any, size, size, (a, b, still, page) => {
        const at = laid(still, page);
        const part = between(onStill(a, at, still), onStill(b, at, still));
        expect(part.x).toBeGreaterThanOrEqual(0);
        expect(part.y).toBeGreaterThanOrEqual(0);
        expect(part.x + part.width).toBeLessThanOrEqual(still.width);
        expect(part.y + part.height).toBeLessThanOrEqual(still.height);
      }),
    );
  });

  test('a click is no part', () => {
    expect(isClick(between({ x: 9, y: 9 }, { x: 9, y: 80 }))).toBe(true);
    expect(isClick(between({ x: 9, y: 9 }, { x: 5, y: 5 }))).toBe(false);
  });
});

describe('a part by keys', () => {
  const at = laid(FULL, FULL);
  const begin = middle(FULL);

  test('begins in the middle', () => {
    expect(begin).toEqual({ x: 480, y: 270, width: 960, height: 540 });
  });

  test('is moved by arrows, resized with Shift, by single pixels with Ctrl', () => {
    expect(moved(begin, press('ArrowLeft'), at, FULL)).toEqual({ ...begin, x: 464 });
    expect(moved(begin, press('ArrowDown', 'c'), at, FULL)).toEqual({ ...begin, y: 271 });
    expect(moved(begin, press('ArrowRight', 's'), at, FULL)).toEqual({ ...begin, width: 976 });
    expect(moved(begin, press('ArrowUp', 'cs'), at, FULL)).toEqual({ ...begin, height: 539 });
    expect(moved(begin, press('a'), at, FULL)).toBe(null);
    expect(moved(begin, press('ArrowUp', 'a'), at, FULL)).toBe(null);
  });

  test('moves as far on the page whatever the screen', () => {
    const fine = { width: 3840, height: 2160 };
    expect(moved(middle(fine), press('ArrowRight'), laid(fine, FULL), fine)?.x).toBe(960 + 32);
  });

  test('stays on the still and never vanishes', () => {
    let part = begin;
    const keys = fc.array(
      fc.tuple(
        fc.constantFrom('ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'),
        fc.constantFrom('', 's', 'c', 'cs'),
      ),
    );
    fc.assert(
      fc.property(keys, (pressed) => {
        part = begin;
        for (const [key, held] of pressed) part = moved(part, press(key, held), at, FULL) ?? part;
        expect(Math.min(part.x, part.y)).toBeGreaterThanOrEqual(0);
        expect(Math.min(part.width, part.height)).toBeGreaterThanOrEqual(1);
        expect(part.x + part.width).toBeLessThanOrEqual(FULL.width);
        expect(part.y + part.height).toBeLessThanOrEqual(FULL.height);
      }),
    );
  });
});
