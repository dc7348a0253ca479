/**
 * The bar's one question and its answer. What is on it is forgotten when it goes; the conversation is in the history, and
 * a reply that is being made there goes on.
 */
import type { ApiError, HostCall, HostOrder, LookAt, Seen, SystemPage, WindowPlace } from '../generated/api';
import { toFailure } from '../host';
import { t } from '../i18n/index.svelte';
import type { App } from './app.svelte';
import { composing, type KeyPress } from './keys';
import { nameOf, withText, type SeenText, type Wish } from './look';
import type { Waiting } from './attaching.svelte';

export type BarAction = 'ask' | 'leave' | 'open' | 'stop' | 'recall' | 'earlier' | 'later' | null;

/** What a key press means in the bar; null is left to the field. */
export function barAction(press: KeyPress, at: { empty: boolean; asked: boolean }): BarAction {
  if (composing(press)) return null;
  const mod = press.ctrlKey || press.metaKey;
  if (press.key === 'Escape') return 'leave';
  if (press.key === 'Enter' && !press.shiftKey && !press.altKey) {
    if (!at.empty) return 'ask';
    return at.asked ? 'open' : null;
  }
  if (mod && press.key.toLowerCase() === 'o') return 'open';
  if (mod && press.key === '.') return 'stop';
  if (press.key === 'PageUp') return 'earlier';
  if (press.key === 'PageDown') return 'later';
  return press.key === 'ArrowUp' && at.empty && !mod && !press.shiftKey ? 'recall' : null;
}

export class Bar {
  text = $state('');
  /** Why a question was not taken. */
  failure = $state.raw<ApiError | null>(null);
  /** The text that goes with the next question. */
  seen = $state.raw<SeenText | null>(null);
  /** Why nothing was seen: no text, or no picture. */
  unseen = $state.raw<{ error: ApiError; picture: boolean } | null>(null);
  /** A picture is being taken. */
  looking = $state(false);
  /** Counts up whenever the field should get the focus. Nothing is selected: that would take away what is elsewhere. */
  focus = $state(0);
  /** The last question of this run of the program, for the Up key. It is kept nowhere else. */
  #last = '';

  constructor(private readonly app: App) {}

  get asked(): boolean {
    return this.app.state?.open != null;
  }

  get conversation(): string | null {
    return this.app.state?.open?.id ?? null;
  }

  /** Pictures and files that go with the next question. */
  get files(): readonly Waiting[] {
    return this.app.attaching.of(this.conversation);
  }

  get empty(): boolean {
    return this.text.trim() === '' && this.files.length === 0;
  }

  obey(order: HostOrder): void {
    if (order.kind === 'bar_shown') this.focus++;
    // What was typed and not asked may be wanted the next time.
    else if (order.kind === 'bar_leaves') void this.#leave();
    else if (order.kind === 'saw') this.#take(order.seen);
    else if (order.kind === 'unseen') this.unseen = { error: order.error, picture: true };
  }

  /** What is on it, so that the host knows whether it may go by itself. `choosing`: a file is being chosen. */
  hold(choosing: boolean): void {
    const files = choosing || this.files.length > 0;
    this.#tell({ kind: 'bar_holds', conversation: this.conversation, files });
  }

  async ask(words = this.text.trim()): Promise<void> {
    if (words === '' && this.files.length === 0) return;
    this.failure = null;
    this.unseen = null;
    const { text: before, seen, conversation } = this;
    this.text = '';
    this.seen = null;
    if (words !== '') this.#last = words;
    try {
      const { attaching } = this.app;
      await attaching.settled();
      const attachments = attaching.files(conversation);
      const text = message(words, seen);
      const sent = await this.app.host.call('send', { conversation, text, attachments });
      attaching.clear(conversation);
      if (sent.conversation !== conversation) await this.app.open(sent.conversation);
    } catch (thrown) {
      this.failure = toFailure(thrown).error;
      if (this.text === '') this.text = before;
      this.seen ??= seen;
    }
  }

  /**
   * Asks what one key asks of a text; of the field's words nothing is lost. Where there is no text yet, the selected one is
   * shown first: nothing of another program is sent before it was seen here.
   */
  wish(wish: Wish): Promise<void> {
    if (!this.seen) return this.look('selection');
    const words = this.text.trim();
    return this.ask([t(`wish.${wish}.words`), words].filter(Boolean).join(' '));
  }

  /** Takes what is there along with the next question; it is shown until then. */
  async look(at: LookAt): Promise<void> {
    if (this.looking) return;
    this.unseen = null;
    this.looking = true;
    try {
      const seen = await this.app.desktop?.look(at, this.conversation);
      if (seen) this.#take(seen);
    } catch (thrown) {
      const { error } = toFailure(thrown);
      const picture = at !== 'selection' && at !== 'clipboard';
      if (error.code !== 'cancelled') this.unseen = { error, picture };
    }
    this.looking = false;
    this.focus++;
  }

  #take(seen: Seen): void {
    if (seen.kind === 'text') this.seen = seen;
    else this.app.attaching.took(this.conversation, seen.attached, nameOf(seen.of));
  }

  /** Keeps files for the next question. */
  attach(files: File[]): void {
    this.app.attaching.add(this.conversation, files);
    this.focus++;
  }

  openSystemPage(page: SystemPage): void {
    this.#tell({ kind: 'open_system_page', page });
  }

  /** Does not take it along after all. */
  drop(): void {
    this.seen = null;
    this.focus++;
  }

  recall(): void {
    this.text = this.#last;
  }

  /** Esc: all is forgotten. */
  leave(): Promise<void> {
    this.text = '';
    this.seen = null;
    for (const { id } of this.files) this.app.attaching.remove(this.conversation, id);
    return this.#leave();
  }

  /** The conversation, or something else, goes on in the large window. */
  open(place?: WindowPlace): void {
    const id = this.app.state?.open?.id;
    this.#tell({
      kind: 'open_window',
      at: place ?? (id === undefined ? { kind: 'as_it_is' } : { kind: 'conversation', id }),
    });
    this.#forget();
  }

  fit(height: number): void {
    this.#tell({ kind: 'fit_bar', height });
  }

  drag(): void {
    this.#tell({ kind: 'drag_bar' });
  }

  async #leave(): Promise<void> {
    this.#forget();
    // Only once it is drawn empty: the next one must not begin with a glimpse of this.
    await drawn();
    this.#tell({ kind: 'hide_bar' });
  }

  #forget(): void {
    this.failure = null;
    this.unseen = null;
    this.app.ui.dialog = null;
    // What was not sent may be wanted the next time.
    this.app.attaching.move(this.conversation, null);
    if (this.asked) this.app.startNew();
  }

  #tell(call: HostCall): void {
    void this.app.desktop?.ask(call);
  }
}

function message(words: string, seen: SeenText | null): string {
  if (!seen) return words;
  return withText(words, seen, seen.from === null ? '' : t('look.from', { title: seen.from }));
}

function drawn(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
}
