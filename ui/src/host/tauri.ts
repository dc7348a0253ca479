/** The desktop window: commands through Tauri's `invoke`, events through one channel. */
import { Channel, invoke } from '@tauri-apps/api/core';
import type { HostOrder, UiEvent } from '../generated/api';
import {
  isExternal,
  toFailure,
  type Args,
  type CommandName,
  type Host,
  type Reply,
  type Still,
} from './types';

export function tauriHost(): Host {
  return {
    async call<K extends CommandName>(name: K, args: Args<K>): Promise<Reply<K>> {
      try {
        return await invoke<Reply<K>>('call', { name, args });
      } catch (thrown) {
        throw toFailure(thrown);
      }
    },

    // Tauri's channel keeps order and loses nothing; numbers are checked all the same.
    listen: (onEvent) => follow<UiEvent>('subscribe', onEvent),

    openExternal(url) {
      if (isExternal(url)) void invoke('open_external', { url });
    },

    desktop: {
      ask: (call) => asked('host', { call }),
      look: (at, conversation) => asked('look', { at, conversation }),
      still: async () => readStill(await asked<ArrayBuffer | number[]>('still', {})),
      orders: (onOrder) => follow<HostOrder>('orders', onOrder),
    },
  };
}

/** The width, the height, the pixels. Where bytes cannot come as such they come as numbers. */
function readStill(told: ArrayBuffer | number[]): Still {
  const bytes = told instanceof ArrayBuffer ? told : new Uint8Array(told).buffer;
  const head = new DataView(bytes);
  const [width, height] = [head.getUint32(0, true), head.getUint32(4, true)];
  return { width, height, pixels: new Uint8ClampedArray(bytes, 8) };
}

async function asked<T>(command: string, args: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw toFailure(thrown);
  }
}

async function follow<T>(command: string, onMessage: (message: T) => void): Promise<() => void> {
  const channel = new Channel<T>();
  let live = true;
  channel.onmessage = (message) => live && onMessage(message);
  await invoke(command, { channel });
  return () => {
    live = false;
  };
}

export function inTauri(): boolean {
  return '__TAURI_INTERNALS__' in window;
}
