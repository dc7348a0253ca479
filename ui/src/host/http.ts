/**
 * The same window in a browser, served by `hark serve --ui` on loopback: commands are POST requests, events come over
 * one WebSocket whose first frame from here is the token.
 */
import type { UiEvent } from '../generated/api';
import {
  ApiFailure,
  isApiError,
  isExternal,
  type Args,
  type CommandName,
  type Host,
  type Reply,
} from './types';

const TOKEN_KEY = 'hark.token';
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** The first frame says that the subscription stands; a host that does not say so is believed after this long. */
const READY_WAIT_MS = 1_000;

/** Takes the token out of the address once, so that it stays neither on screen nor in the browser's history. */
export function takeToken(): string {
  const hash = new URLSearchParams(location.hash.slice(1));
  const given = hash.get('token');
  if (given) {
    sessionStorage.setItem(TOKEN_KEY, given);
    hash.delete('token');
    const rest = hash.toString();
    history.replaceState(null, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
  }
  return given ?? sessionStorage.getItem(TOKEN_KEY) ?? '';
}

/** Waits double from time to time, up to a limit. */
export function retryDelay(attempt: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const body: unknown = await response.json().catch(() => null);
  if (isApiError(body)) return new ApiFailure(body);
  return new ApiFailure({ code: 'other', message: `Hark answered with status ${response.status}.` });
}

export function httpHost(origin: string, token: string): Host {
  return {
    async call<K extends CommandName>(name: K, args: Args<K>): Promise<Reply<K>> {
      let response: Response;
      try {
        response = await fetch(`${origin}/api/command/${name}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: JSON.stringify(args),
          keepalive: name === 'save_draft',
        });
      } catch {
        throw new ApiFailure({ code: 'other', message: 'Hark does not answer. Is it still running?' });
      }
      if (!response.ok) throw await failureOf(response);
      return (await response.json()) as Reply<K>;
    },

    listen(onEvent, onLost) {
      return connect(`${origin.replace(/^http/, 'ws')}/api/events`, token, onEvent, onLost);
    },

    openExternal(url) {
      if (isExternal(url)) window.open(url, '_blank', 'noopener,noreferrer');
    },
  };
}

/**
 * Resolves once the first subscription stands, or once it failed: then the snapshot's own failure says why. Afterwards it
 * reconnects by itself and tells through `onLost`.
 */
function connect(
  url: string,
  token: string,
  onEvent: (event: UiEvent) => void,
  onLost: () => void,
): Promise<() => void> {
  return new Promise((resolve) => {
    let ended = false;
    let attempt = 0;
    let ready = false;
    let resolved = false;
    let socket: WebSocket;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const stop = () => {
      ended = true;
      clearTimeout(timer);
      socket.close();
    };
    const becomeReady = () => {
      if (ready || ended) return;
      ready = true;
      attempt = 0;
      if (resolved) onLost();
      settle();
    };
    const settle = () => {
      resolved = true;
      resolve(stop);
    };
    const open = () => {
      ready = false;
      socket = new WebSocket(url);
      socket.onopen = () => {
        socket.send(token);
        timer = setTimeout(becomeReady, READY_WAIT_MS);
      };
      socket.onmessage = (frame) => {
        becomeReady();
        const said: unknown = JSON.parse(String(frame.data));
        if (isEvent(said)) onEvent(said);
      };
      socket.onclose = () => {
        clearTimeout(timer);
        settle();
        if (!ended) timer = setTimeout(open, retryDelay(attempt++));
      };
    };
    open();
  });
}

function isEvent(value: unknown): value is UiEvent {
  return typeof value === 'object' && value !== null && 'seq' in value && 'body' in value;
}
