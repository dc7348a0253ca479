import { describe, expect, test } from 'vitest';
import { capsOf, pressed, spelled } from '../../src/state/combo';
import { barAction } from '../../src/state/bar.svelte';

const press = (key: string, code: string, held = '') => ({
  key,
  code,
  ctrlKey: held.includes('c'),
  altKey: held.includes('a'),
  shiftKey: held.includes('s'),
  metaKey: held.includes('m'),
});
const combo = (key: string, code: string, held: string) => {
  const found = pressed(press(key, code, held));
  return found.kind === 'combo' ? found.combo : found.kind;
};

describe('a combination that is pressed', () => {
  test('is written as the settings have it', () => {
    expect(combo(' ', 'Space', 'a')).toBe('Alt+Space');
    expect(combo('K', 'KeyK', 'cs')).toBe('Ctrl+Shift+K');
    expect(combo('PageUp', 'PageUp', 'm')).toBe('Super+PageUp');
    expect(combo('F13', 'F13', '')).toBe('F13');
  });

  test('names the letter of the layout, and the place where the modifiers make another sign of it', () => {
    expect(combo('a', 'KeyQ', 'c')).toBe('Ctrl+A');
    expect(combo('˚', 'KeyK', 'a')).toBe('Alt+K');
    expect(combo('!', 'Digit1', 'cs')).toBe('Ctrl+Shift+1');
  });

  test('is none while keys are only held, or of keys that one types with', () => {
    expect(combo('Alt', 'AltLeft', 'a')).toBe('held');
    expect(combo('k', 'KeyK', '')).toBe('typed');
    expect(combo('K', 'KeyK', 's')).toBe('typed');
    expect(combo('é', 'Quote', 'a')).toBe('unknown');
  });

  test('is shown as each system writes it', () => {
    expect(capsOf('Alt+Super+Space', 'linux', 'Leertaste')).toEqual(['Alt', 'Super', 'Leertaste']);
    expect(spelled('Ctrl+Alt+K', 'macos', 'Space')).toBe('⌃⌥K');
    expect(spelled('Super+K', 'windows', 'Space')).toBe('Win+K');
  });
});

describe('a key in the bar', () => {
  const at = (key: string, held = '', empty = false, asked = false) =>
    barAction(press(key, '', held), { empty, asked });

  test('asks, leaves, opens, stops', () => {
    expect(at('Enter')).toBe('ask');
    expect(at('Enter', 's')).toBe(null);
    expect(at('Escape')).toBe('leave');
    expect(at('o', 'c')).toBe('open');
    expect(at('.', 'c')).toBe('stop');
  });

  test('Enter in an empty field opens what was asked, and Up brings the last question back', () => {
    expect(at('Enter', '', true, true)).toBe('open');
    expect(at('Enter', '', true, false)).toBe(null);
    expect(at('ArrowUp', '', true)).toBe('recall');
    expect(at('ArrowUp', '', false)).toBe(null);
  });

  test('an input method has its own Enter and Esc', () => {
    expect(barAction({ ...press('Enter', ''), isComposing: true }, { empty: false, asked: false })).toBe(
      null,
    );
  });
});
