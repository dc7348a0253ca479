/**
 * Joins the stream of events with snapshots: what comes before a snapshot is here waits and is applied after it; a gap
 * asks for a new one. Not a view's affair, and without Svelte, so that it can be tested alone.
 */
import type { ConversationView, Snapshot, UiEvent, VoiceLevels } from '../generated/api';
import { opened } from './conversation';
import { reduce } from './reduce';
import { fromSnapshot, type State } from './state';

export interface FeedPorts {
  snapshot(): Promise<Snapshot>;
  openConversation(id: string): Promise<ConversationView>;
  /** A new state stands. */
  changed(state: State): void;
  /** Only the levels have changed: thirty times a second, and no view but a meter needs to know. */
  levels(levels: VoiceLevels): void;
  failed(error: unknown): void;
}

export class Feed {
  state: State | null = null;
  /** Events kept while a snapshot is under way. */
  #waiting: UiEvent[] | null = [];
  /** Events kept while a conversation is being opened. */
  #missed: UiEvent[] | null = null;
  #opening = 0;

  constructor(private readonly ports: FeedPorts) {}

  /** Takes a snapshot; at the first start and whenever events may be missing. */
  async resync(): Promise<void> {
    this.#waiting ??= [];
    let snapshot: Snapshot;
    try {
      snapshot = await this.ports.snapshot();
    } catch (error) {
      this.ports.failed(error);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#set(fromSnapshot(snapshot, this.state));
    for (const event of waiting) this.take(event);
    const open = this.state?.open;
    if (open) await this.open(open.id).catch(() => this.close());
  }

  take(event: UiEvent): void {
    if (this.#waiting || !this.state) {
      this.#waiting?.push(event);
      return;
    }
    this.#missed?.push(event);
    const next = reduce(this.state, event);
    if (event.body.kind === 'voice_levels' && !next.lost) {
      this.state = next;
      this.ports.levels(next.levels);
      return;
    }
    this.#set(next);
    if (this.state.lost) {
      this.#waiting = [event];
      void this.resync();
    }
  }

  /** Opens a conversation; of several calls the last one wins. */
  async open(id: string): Promise<void> {
    const mine = ++this.#opening;
    this.#missed ??= [];
    try {
      const view = await this.ports.openConversation(id);
      if (mine === this.#opening)
        this.update((state) => ({ ...state, open: opened(view, this.#missed ?? []) }));
    } finally {
      if (mine === this.#opening) this.#missed = null;
    }
  }

  close(): void {
    this.#opening++;
    this.#missed = null;
    this.update((state) => ({ ...state, open: null }));
  }

  /** For the few changes that no event tells. */
  update(change: (state: State) => State): void {
    if (this.state) this.#set(change(this.state));
  }

  #set(state: State): void {
    this.state = state;
    this.ports.changed(state);
  }
}
