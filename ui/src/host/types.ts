/**
 * What the window needs from whatever it runs in. Views and state know this interface and nothing else of it.
 */
import type {
  ApiError,
  Commands,
  ErrorCode,
  HostCall,
  HostOrder,
  LookAt,
  Seen,
  UiEvent,
} from '../generated/api';

export type CommandName = keyof Commands;
export type Args<K extends CommandName> = Commands[K]['args'];
export type Reply<K extends CommandName> = Commands[K]['reply'];

export interface Host {
  /** Rejects with an `ApiFailure`, whatever went wrong. */
  call<K extends CommandName>(name: K, args: Args<K>): Promise<Reply<K>>;
  /**
   * Events from now on. `onLost` says that some may be missing: take a new snapshot. Returns what ends it.
   * Resolves once events flow, so that a snapshot taken afterwards and the stream overlap.
   */
  listen(onEvent: (event: UiEvent) => void, onLost: () => void): Promise<() => void>;
  /** Opens an address in the system's browser. */
  openExternal(url: string): void;
  /** What only a program with windows of its own can do; a browser's tab has none of it. */
  readonly desktop?: DesktopHost;
}

export interface DesktopHost {
  /** Rejects with an `ApiFailure`. */
  ask(call: HostCall): Promise<void>;
  /** Looks at what the user has before them; a picture is for this conversation. Rejects with an `ApiFailure`. */
  look(at: LookAt, conversation: string | null): Promise<Seen>;
  /** The still of which a part is to be chosen. Rejects with an `ApiFailure`. */
  still(): Promise<Still>;
  /** What this window's page is told from now on. Returns what ends it. */
  orders(onOrder: (order: HostOrder) => void): Promise<() => void>;
}

/** A still of a screen: four bytes a pixel (red, green, blue, opacity), row by row from the top. */
export interface Still {
  width: number;
  height: number;
  pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** A refused or failed call. */
export class ApiFailure extends Error {
  readonly code: ErrorCode;

  constructor(readonly error: ApiError) {
    super(error.message);
    this.name = 'ApiFailure';
    this.code = error.code;
  }
}

/** Makes an `ApiFailure` of anything thrown: an `ApiError` object, its JSON, an `Error`, a string. */
export function toFailure(thrown: unknown): ApiFailure {
  if (thrown instanceof ApiFailure) return thrown;
  if (isApiError(thrown)) return new ApiFailure(thrown);
  if (thrown instanceof Error) return new ApiFailure({ code: 'other', message: thrown.message });
  return new ApiFailure({ code: 'other', message: String(thrown) });
}

export function isApiError(value: unknown): value is ApiError {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}

/** Only these leave the window; anything else in a model's answer is not a link. */
export function isExternal(url: string): boolean {
  return /^(https?|mailto):/i.test(url);
}
