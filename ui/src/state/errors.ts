/** What the window says and offers for each kind of failure. */
import type { ErrorCode } from '../generated/api';

export type Remedy =
  | 'choose_model'
  | 'settings'
  | 'servers'
  | 'settings_file'
  | 'restart'
  | 'retry'
  | 'voice_settings'
  | 'voice_models';

const REMEDIES: Record<ErrorCode, Remedy | null> = {
  no_model: 'choose_model',
  bad_model: 'choose_model',
  cannot_see: 'choose_model',
  prompt_too_long: 'settings',
  out_of_memory: 'choose_model',
  engine_gone: 'retry',
  engine_degraded: 'restart',
  engine_missing: null,
  server: 'servers',
  network: 'retry',
  disk_full: null,
  read_only: null,
  newer_version: null,
  not_found: null,
  settings: 'settings_file',
  sound: 'voice_settings',
  bad_request: null,
  cancelled: null,
  other: 'retry',
};

/** The one thing to do about it; null when the sentence says all. */
export function remedyFor(code: ErrorCode): Remedy | null {
  return REMEDIES[code] ?? null;
}
