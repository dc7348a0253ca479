/** The desktop window: commands through Tauri's `invoke`, events through one channel. */
import { Channel, invoke } from '@tauri-apps/api/core';
import type { UiEvent } from '../generated/api';
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

    async listen(onEvent) {
      // Tauri's channel keeps order and loses nothing; numbers are checked all the same.
      const channel = new Channel<UiEvent>();
      let live = true;
      channel.onmessage = (event) => live && onEvent(event);
      await invoke('subscribe', { channel });
      return () => {
        live = false;
      };
    },

    openExternal(url) {
      if (isExternal(url)) void invoke('open_external', { url });
    },
  };
}

export function inTauri(): boolean {
  return '__TAURI_INTERNALS__' in window;
}
