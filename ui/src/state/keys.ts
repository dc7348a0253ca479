/** Which key does what. Pure: the shortcut sheet and the handler read the same table. */

export type Action =
  'new' | 'search' | 'settings' | 'copy_last' | 'stop' | 'toggle_list' | 'shortcuts' | 'models' | 'voice';

export interface Shortcut {
  action: Action;
  /** Compared with `KeyboardEvent.key`, lower case. */
  key: string;
  shift?: boolean;
}

/** All with Ctrl, on macOS with Command. */
export const SHORTCUTS: readonly Shortcut[] = [
  { action: 'new', key: 'n' },
  { action: 'search', key: 'k' },
  { action: 'toggle_list', key: 'b' },
  { action: 'models', key: 'm' },
  { action: 'voice', key: 'm', shift: true },
  { action: 'copy_last', key: 'c', shift: true },
  { action: 'stop', key: '.' },
  { action: 'settings', key: ',' },
  { action: 'shortcuts', key: '/' },
];

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  isComposing?: boolean;
  keyCode?: number;
}

/** An input method is at work: the key belongs to it. 229 is what WebKit says in the last event of a composition. */
export function composing(press: KeyPress): boolean {
  return press.isComposing === true || press.keyCode === 229;
}

export function isMac(platform: string): boolean {
  return platform === 'macos';
}

function mod(press: KeyPress, platform: string): boolean {
  return isMac(platform) ? press.metaKey && !press.ctrlKey : press.ctrlKey && !press.metaKey;
}

/** This key alone, without another that changes its meaning. */
export function isPlainKey(press: KeyPress, key: string): boolean {
  const held = press.ctrlKey || press.metaKey || press.altKey || press.shiftKey;
  return !composing(press) && !held && press.key.toLowerCase() === key;
}

/** What a key press means anywhere in the window. */
export function actionOf(press: KeyPress, platform: string): Action | null {
  if (composing(press) || press.altKey || !mod(press, platform)) return null;
  const key = press.key.toLowerCase();
  // On many keyboards `/` and `.` need Shift: it counts only where a shortcut asks for it.
  const found = SHORTCUTS.find(
    (one) => one.key === key && (one.shift === true ? press.shiftKey : /\W/.test(key) || !press.shiftKey),
  );
  return found?.action ?? null;
}

export type ComposerAction = 'send' | 'newline' | 'edit_last' | 'stop' | null;

/** What a key press means in the composer. `newline` is left to the browser. */
export function composerAction(
  press: KeyPress,
  at: { sendWith: string; empty: boolean; replying: boolean; platform: string },
): ComposerAction {
  if (composing(press)) return null;
  if (press.key === 'Enter') {
    if (press.shiftKey || press.altKey) return 'newline';
    if (press.ctrlKey || press.metaKey) return 'send';
    return at.sendWith === 'enter' ? 'send' : 'newline';
  }
  if (press.key === 'ArrowUp' && at.empty && !press.shiftKey && !press.ctrlKey && !press.altKey) {
    return 'edit_last';
  }
  return press.key === 'Escape' && at.replying ? 'stop' : null;
}

const NAMES: Record<string, string> = { enter: 'Enter', escape: 'Esc', arrowup: '↑' };

/** A shortcut as the caps to be drawn, e.g. `['Ctrl', 'Shift', 'C']`. */
export function caps(
  shortcut: { key: string; shift?: boolean; plain?: boolean },
  platform: string,
): string[] {
  const mac = isMac(platform);
  const out = shortcut.plain ? [] : [mac ? '⌘' : 'Ctrl'];
  if (shortcut.shift) out.push(mac ? '⇧' : 'Shift');
  out.push(NAMES[shortcut.key] ?? shortcut.key.toUpperCase());
  return out;
}
