/** Chooses the host. The scripted one exists only in builds made with `--mode test`. */
import { httpHost, takeToken } from './http';
import { inTauri, tauriHost } from './tauri';
import type { Host } from './types';

export { ApiFailure, isExternal, toFailure } from './types';
export type { Args, CommandName, DesktopHost, Host, Reply, Still } from './types';

declare const __FAKE_HOST__: boolean;

export async function chooseHost(): Promise<Host> {
  if (__FAKE_HOST__ && new URLSearchParams(location.search).get('host') === 'fake') {
    const { fakeHost } = await import('./fake/index');
    return fakeHost(new URLSearchParams(location.search));
  }
  if (inTauri()) return tauriHost();
  return httpHost(location.origin, takeToken());
}
