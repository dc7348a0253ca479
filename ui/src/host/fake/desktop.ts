/** The program around the page, as far as pages can tell: it remembers what it was asked, and obeys about keys. */
import type {
  GlobalKeyState,
  GlobalKeyView,
  HostCall,
  HostOrder,
  LookAt,
  PictureOf,
  Seen,
  SummonView,
} from '../../generated/api';
import { ApiFailure, type DesktopHost, type Still } from '../types';
import type { AttachedFiles } from './attached';
import type { World } from './world';

/** The one that another program has, in the scene `taken`. */
const TAKEN = 'Alt+Space';
const FREE = 'Ctrl+Shift+Space';
const WINDOW = { kind: 'window', title: 'steps.rs — Editor' } as const;
const SELECTED = 'fn steps(n: u32) -> u32 {\n    if n == 1 { 0 } else { 1 + steps(n / 2) }\n}';

export class FakeDesktop implements DesktopHost {
  readonly asked: HostCall[] = [];
  #onOrder: (order: HostOrder) => void = () => undefined;

  constructor(
    private readonly world: World,
    private readonly attached: AttachedFiles,
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
    if (this.scene === 'refused' && at !== 'clipboard')
      throw new ApiFailure({
        code: 'other',
        message: 'Hark was not allowed to see the screen.',
        system_page: 'screen',
      });
    if (at === 'region') throw new ApiFailure({ code: 'cancelled', message: 'No part was chosen.' });
    if (at === 'clipboard' && this.scene === 'copied') return this.saw({ kind: 'clipboard' });
    if (at !== 'clipboard') return this.saw(at === 'screen' ? { kind: 'screen' } : WINDOW);
    throw new ApiFailure({ code: 'other', message: 'The clipboard has neither text nor a picture.' });
  }

  /** A picture, kept like any other file. */
  saw(of: PictureOf): Seen {
    const size = of.kind === 'region' ? of : { width: 1280, height: 800 };
    const { width, height } = size;
    const drawn = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"><title>${of.kind}</title><rect width="100%" height="100%" fill="#2d5fb8"/><rect x="20%" y="25%" width="60%" height="50%" fill="#fdfdfc"/></svg>`;
    const blind = this.scene === 'blind';
    const attached = this.attached.take(
      { conversation: null, name: 'picture.svg', data: btoa(drawn) },
      blind,
    );
    return { kind: 'picture', of, attached };
  }

  /** Twice as fine as a page of 640 × 400. */
  async still(): Promise<Still> {
    const [width, height] = [1280, 800];
    const pixels = new Uint8ClampedArray(width * height * 4);
    for (let at = 0; at < pixels.length; at += 4) {
      const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
      const light = (x >> 6) % 2 === (y >> 6) % 2;
      pixels.set(light ? [240, 238, 232, 255] : [120, 150, 200, 255], at);
    }
    return { width, height, pixels };
  }

  async orders(onOrder: (order: HostOrder) => void): Promise<() => void> {
    this.#onOrder = onOrder;
    return () => (this.#onOrder = () => undefined);
  }

  /** The settings want other keys. */
  keysChanged(): void {
    const view = (key: 'summon' | 'talk' | 'look'): GlobalKeyView => {
      const combo = (this.world.data.settings.values['shortcuts']?.[key] ?? null) as string | null;
      return { key, combo, state: this.#state(combo) };
    };
    this.#tell({
      kind: 'available',
      keys: [view('summon'), view('talk'), view('look')],
      tray: true,
      autostart: false,
    });
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
