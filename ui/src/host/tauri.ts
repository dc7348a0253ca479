/** The desktop window: commands through Tauri's `invoke`, events through one channel. */
import { Channel, invoke } from '@tauri-apps/api/core';
import type { HostOrder, UiEvent } from '../generated/api';
import { isExternal, toFailure, type Args, type CommandName, type Host, type Reply } from './types';

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
      look: (at) => asked('look', { at }),
      orders: (onOrder) => follow<HostOrder>('orders', onOrder),
    },
  };
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
