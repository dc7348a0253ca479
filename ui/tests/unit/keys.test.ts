import { describe, expect, test } from 'vitest';
import { actionOf, caps, composerAction, SHORTCUTS, type KeyPress } from '../../src/state/keys';

function press(keys: string, more: Partial<KeyPress> = {}): KeyPress {
  const parts = keys.split('+');
  return {
    key: parts.at(-1) ?? '',
    ctrlKey: parts.includes('Ctrl'),
    metaKey: parts.includes('Meta'),
    shiftKey: parts.includes('Shift'),
    altKey: parts.includes('Alt'),
    ...more,
  };
}

describe('anywhere', () => {
  test.each([
    ['Ctrl+n', 'linux', 'new'],
    ['Ctrl+N', 'linux', 'new'],
    ['Meta+n', 'macos', 'new'],
    ['Ctrl+n', 'macos', null],
    ['Meta+n', 'windows', null],
    ['Ctrl+k', 'linux', 'search'],
    ['Ctrl+b', 'linux', 'toggle_list'],
    ['Ctrl+,', 'linux', 'settings'],
    ['Ctrl+.', 'linux', 'stop'],
    ['Ctrl+/', 'linux', 'shortcuts'],
    ['Ctrl+Shift+/', 'linux', 'shortcuts'],
    ['Ctrl+Shift+C', 'linux', 'copy_last'],
    ['Ctrl+c', 'linux', null],
    ['Ctrl+Shift+N', 'linux', null],
    ['Ctrl+Alt+n', 'linux', null],
    ['n', 'linux', null],
  ])('%s on %s is %s', (keys, platform, action) => {
    expect(actionOf(press(keys), platform)).toBe(action);
  });

  test('no two shortcuts have the same keys', () => {
    const names = SHORTCUTS.map((one) => caps(one, 'linux').join('+'));
    expect(new Set(names).size).toBe(names.length);
  });

  test('caps are those of the platform', () => {
    expect(caps({ key: 'c', shift: true }, 'linux')).toEqual(['Ctrl', 'Shift', 'C']);
    expect(caps({ key: 'c', shift: true }, 'macos')).toEqual(['⌘', '⇧', 'C']);
  });
});

describe('in the composer', () => {
  const at = { sendWith: 'enter', empty: false, replying: false, platform: 'linux' };
  test.each([
    ['Enter', {}, 'send'],
    ['Shift+Enter', {}, 'newline'],
    ['Ctrl+Enter', {}, 'send'],
    ['Enter', { sendWith: 'ctrl_enter' }, 'newline'],
    ['Ctrl+Enter', { sendWith: 'ctrl_enter' }, 'send'],
    ['Meta+Enter', { sendWith: 'ctrl_enter' }, 'send'],
    ['ArrowUp', {}, null],
    ['ArrowUp', { empty: true }, 'edit_last'],
    ['Shift+ArrowUp', { empty: true }, null],
    ['Escape', {}, null],
    ['Escape', { replying: true }, 'stop'],
    ['a', {}, null],
  ])('%s with %j is %s', (keys, more, action) => {
    expect(composerAction(press(keys), { ...at, ...more })).toBe(action);
  });

  test('an input method keeps its keys', () => {
    expect(composerAction(press('Enter', { isComposing: true }), at)).toBeNull();
    expect(composerAction(press('Enter', { keyCode: 229 }), at)).toBeNull();
    expect(actionOf(press('Ctrl+n', { isComposing: true }), 'linux')).toBeNull();
  });
});
