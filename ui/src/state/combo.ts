/** Key combinations that work in every program, as the settings write them: `Alt+Space`. Pure. */
import { isMac, type KeyPress } from './keys';

/** Keys that are no letter, digit or F key, by `KeyboardEvent.code`. */
const NAMED: Record<string, string> = {
  Space: 'Space',
  Enter: 'Enter',
  Tab: 'Tab',
  Backspace: 'Backspace',
  Insert: 'Insert',
  Delete: 'Delete',
  Home: 'Home',
  End: 'End',
  PageUp: 'PageUp',
  PageDown: 'PageDown',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
};

const MODIFIERS = ['Control', 'Alt', 'Shift', 'Meta', 'Super', 'OS', 'AltGraph', 'Hyper'];

export type Pressed =
  | { kind: 'combo'; combo: string }
  /** Only keys that are held, so far. */
  | { kind: 'held' }
  /** A key that one types with, alone: it would be gone for everything else. */
  | { kind: 'typed' }
  | { kind: 'unknown' };

/** What was pressed, for a person who is choosing a combination. */
export function pressed(press: KeyPress & { code: string }): Pressed {
  if (MODIFIERS.includes(press.key)) return { kind: 'held' };
  const key = nameOf(press);
  if (key === null) return { kind: 'unknown' };
  const held = [
    press.ctrlKey && 'Ctrl',
    press.altKey && 'Alt',
    press.shiftKey && 'Shift',
    press.metaKey && 'Super',
  ].filter((one) => one !== false);
  const more = held.some((one) => one !== 'Shift');
  if (!more && !/^F\d+$/.test(key)) return { kind: 'typed' };
  return { kind: 'combo', combo: [...held, key].join('+') };
}

/** The letter that is on the key in the user's layout; where the modifiers make another sign of it, its usual place. */
function nameOf(press: { key: string; code: string }): string | null {
  if (/^[a-z0-9]$/i.test(press.key)) return press.key.toUpperCase();
  if (/^F([1-9]|1\d|2[0-4])$/.test(press.code)) return press.code;
  const place = /^(?:Key|Digit)([A-Z0-9])$/.exec(press.code)?.[1];
  return place ?? NAMED[press.code] ?? null;
}

const MAC: Record<string, string> = { Ctrl: '⌃', Alt: '⌥', Shift: '⇧', Super: '⌘' };

/** A combination as the caps to be drawn. */
export function capsOf(combo: string, platform: string, space: string): string[] {
  const name = (part: string) => {
    if (part === 'Space') return space;
    if (isMac(platform)) return MAC[part] ?? part;
    return part === 'Super' && platform === 'windows' ? 'Win' : part;
  };
  return combo.split('+').map(name);
}

/** The same as one word, for sentences. */
export function spelled(combo: string, platform: string, space: string): string {
  return capsOf(combo, platform, space).join(isMac(platform) ? '' : '+');
}
