/** Mounts a component in a window whose host does nothing but remember what it was asked. */
import { flushSync, mount, unmount, type Component } from 'svelte';
import type { Snapshot, UiEvent, UiEventBody, VoiceView } from '../../src/generated/api';
import { ApiFailure, type CommandName, type Host } from '../../src/host';
import { App } from '../../src/state/app.svelte';
import Stage from './Stage.svelte';
import { conversation, message, snapshot, voice } from './world';

export class Window {
  readonly calls: [CommandName, unknown][] = [];
  /** Commands that fail, with what they say. */
  readonly failing = new Map<CommandName, ApiFailure>();
  readonly app: App;
  #seq = 5;
  #tell: (event: UiEvent) => void = () => undefined;
  #stage: Record<string, unknown> | null = null;

  constructor(private readonly first: Partial<Snapshot> = {}) {
    const host: Host = {
      call: (name, args) => this.#answer(name, args) as never,
      listen: (onEvent) => {
        this.#tell = onEvent;
        return Promise.resolve(() => undefined);
      },
      openExternal: () => undefined,
    };
    this.app = new App(host);
  }

  async #answer(name: CommandName, args: unknown): Promise<unknown> {
    const failure = this.failing.get(name);
    if (name === 'snapshot') return snapshot(this.#seq, this.first);
    if (name === 'open_conversation') return conversation(this.#seq, [message('u1'), message('a1')]);
    this.calls.push([name, args]);
    if (failure) throw failure;
    if (name === 'sound_devices') return { microphones: [], speakers: [] };
    return name === 'voices' ? { voices: [] } : {};
  }

  async show<P extends Record<string, unknown>>(component: Component<P>, give: () => P): Promise<void> {
    await this.app.start();
    this.#stage = mount(Stage as unknown as Component<Record<string, unknown>>, {
      target: document.body,
      props: { app: this.app, component, give },
    });
    flushSync();
  }

  close(): void {
    if (this.#stage) void unmount(this.#stage);
    this.#stage = null;
    document.body.replaceChildren();
  }

  emit(body: UiEventBody): void {
    this.#tell({ seq: ++this.#seq, body });
    flushSync();
  }

  voice(more: Partial<VoiceView>): void {
    this.emit({ kind: 'voice', voice: voice(more) });
  }

  names(): CommandName[] {
    return this.calls.map(([name]) => name);
  }
}

export const one = (selector: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`There is no ${selector} in ${document.body.innerHTML}`);
  return found;
};

export const named = (name: string): HTMLElement => {
  const all = [...document.querySelectorAll<HTMLElement>('button')];
  const found = all.find((button) =>
    (button.getAttribute('aria-label') ?? button.innerText ?? button.textContent ?? '').includes(name),
  );
  if (!found) throw new Error(`There is no button “${name}”`);
  return found;
};

export function press(
  target: EventTarget,
  type: 'keydown' | 'keyup',
  key: string,
  more: KeyboardEventInit = {},
): void {
  target.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true, ...more }));
  flushSync();
}
