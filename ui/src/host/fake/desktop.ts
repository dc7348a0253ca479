/** The program around the page, as far as pages can tell: it remembers what it was asked, and obeys about keys. */
import type {
  GlobalKeyState,
  GlobalKeyView,
  HostCall,
  HostOrder,
  LookAt,
  Seen,
  SummonView,
} from '../../generated/api';
import { ApiFailure, type DesktopHost } from '../types';
import type { World } from './world';

/** The one that another program has, in the scene `taken`. */
const TAKEN = 'Alt+Space';
const FREE = 'Ctrl+Alt+Space';
const SELECTED = 'fn steps(n: u32) -> u32 {\n    if n == 1 { 0 } else { 1 + steps(n / 2) }\n}';

export class FakeDesktop implements DesktopHost {
  readonly asked: HostCall[] = [];
  #onOrder: (order: HostOrder) => void = () => undefined;

  constructor(
    private readonly world: World,
    private readonly scene: string,
  ) {
    this.keysChanged();
  }

  order(order: HostOrder): void {
    this.#onOrder(order);
  }

  async ask(call: HostCall): Promise<void> {
    this.asked.push(call);
    const { summon } = this.world.data;
    if (call.kind === 'set_autostart' && summon.kind === 'available')
      this.#tell({ ...summon, autostart: call.on });
  }

  async look(at: LookAt): Promise<Seen> {
    if (at === 'selection') return { kind: 'text', text: SELECTED, from: 'steps.rs — Editor' };
    throw new ApiFailure({ code: 'other', message: 'The clipboard has neither text nor a picture.' });
  }

  async orders(onOrder: (order: HostOrder) => void): Promise<() => void> {
    this.#onOrder = onOrder;
    return () => (this.#onOrder = () => undefined);
  }

  /** The settings want other keys. */
  keysChanged(): void {
    const view = (key: 'summon' | 'talk'): GlobalKeyView => {
      const combo = (this.world.data.settings.values['shortcuts']?.[key] ?? null) as string | null;
      return { key, combo, state: this.#state(combo) };
    };
    this.#tell({ kind: 'available', keys: [view('summon'), view('talk')], tray: true, autostart: false });
  }

  #state(combo: string | null): GlobalKeyState {
    if (combo === null) return { kind: 'off' };
    return this.scene === 'taken' && combo === TAKEN ? { kind: 'taken', offer: FREE } : { kind: 'works' };
  }

  #tell(summon: SummonView): void {
    if (JSON.stringify(summon) === JSON.stringify(this.world.data.summon)) return;
    this.world.data.summon = summon;
    this.world.emit({ kind: 'summon', summon });
  }
}
