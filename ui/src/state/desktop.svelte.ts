/** What the program around this window wants of it, and what is asked of that program. */
import type {
  GlobalKeyView,
  HostCall,
  HostOrder,
  HostWords,
  LookAt,
  Seen,
  SummonView,
  WindowPlace,
} from '../generated/api';
import { toFailure, type DesktopHost, type Still } from '../host';
import { t } from '../i18n/index.svelte';
import type { App } from './app.svelte';
import { spelled } from './combo';
import { isOn } from './voice';

export class Desktop {
  /** Combinations that were said to be taken: once is enough. */
  readonly #said: string[] = [];

  constructor(
    private readonly app: App,
    private readonly host: DesktopHost,
  ) {}

  /** Does what this window is told, from now on. */
  follow(): Promise<() => void> {
    return this.host.orders((order) => void this.#obey(order));
  }

  /** A failure is shown and gives false. */
  async ask(call: HostCall): Promise<boolean> {
    try {
      await this.host.ask(call);
      return true;
    } catch (thrown) {
      this.app.showError(toFailure(thrown).error);
      return false;
    }
  }

  /** Rejects with an `ApiFailure`. */
  look(at: LookAt, conversation: string | null): Promise<Seen> {
    return this.host.look(at, conversation);
  }

  /** Rejects with an `ApiFailure`. */
  still(): Promise<Still> {
    return this.host.still();
  }

  giveWords(): void {
    void this.ask({ kind: 'words', words: words() });
  }

  /** A key that another program has would be missed without a word: say so, and offer another. */
  sayWhatIsTaken(summon: SummonView): void {
    if (summon.kind !== 'available') return;
    for (const view of summon.keys) {
      if (view.state.kind !== 'taken' || view.combo === null || this.#said.includes(view.combo)) continue;
      this.#said.push(view.combo);
      const { offer } = view.state;
      this.app.ui.toast({
        text: t('keys.taken', { keys: this.spelled(view.combo) }),
        detail: t(`keys.${view.key}.missing`),
        action:
          offer === null
            ? { label: t('keys.choose'), run: () => this.app.ui.openSettings('shortcuts') }
            : {
                label: t('keys.use', { keys: this.spelled(offer) }),
                run: () => void this.choose(view, offer),
              },
      });
    }
  }

  choose(view: GlobalKeyView, combo: string | null): Promise<boolean> {
    return this.app.changeSetting(`shortcuts.${view.key}`, combo);
  }

  spelled(combo: string): string {
    return spelled(combo, this.app.state?.platform ?? '', t('voice.space'));
  }

  async #obey(order: HostOrder): Promise<void> {
    if (order.kind === 'ask_about_closing') this.app.ui.dialog = 'closing';
    else if (order.kind === 'show') await this.#show(order.place);
  }

  async #show(place: WindowPlace): Promise<void> {
    const { app } = this;
    app.ui.dialog = null;
    if (place.kind === 'conversation') {
      await app.open(place.id);
      app.ui.focusComposer++;
    } else if (place.kind === 'models') app.ui.dialog = 'models';
    else if (place.kind === 'shortcuts') app.ui.openSettings('shortcuts');
    else if (place.kind === 'voice') {
      if (app.state && isOn(app.state.voice)) await app.voice.show();
      else {
        app.startNew();
        await app.voice.start();
      }
    }
  }
}

function words(): HostWords {
  return {
    open: t('tray.open'),
    summon: t('tray.summon'),
    look: t('tray.look'),
    talk: t('tray.talk'),
    end_talk: t('tray.end_talk'),
    mute: t('tray.mute'),
    unmute: t('tray.unmute'),
    quit: t('tray.quit'),
    idle: t('tray.idle'),
    replying: t('tray.replying'),
    listening: t('tray.listening'),
    muted: t('tray.muted'),
    showing: t('tray.showing'),
    stop_showing: t('share.stop'),
    answered: t('notice.answered'),
    failed: t('notice.failed'),
  };
}
