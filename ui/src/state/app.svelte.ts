/**
 * The window's one object: the state as the events tell it, and what a person can ask for. Views read `app.state` and
 * call methods; failures become toasts here, so that no view has to.
 */
import { getContext, setContext } from 'svelte';
import type { ApiError, ExportFormat } from '../generated/api';
import { toFailure, type Args, type CommandName, type Host, type Reply } from '../host';
import { fmt, t, tMaybe } from '../i18n/index.svelte';
import { Attaching, MOST_BYTES, MOST_FILES, type Refusal } from './attaching.svelte';
import { Feed } from './feed';
import { soundAdvice, soundSentence } from './sound';
import { append } from './list';
import { remedyFor, type Remedy } from './errors';
import { lastOf, streaming } from './conversation';
import type { ConversationList, State } from './state';
import { Ui } from './ui.svelte';
import { Desktop } from './desktop.svelte';
import { Sharing } from './sharing.svelte';
import { Voice } from './voice.svelte';
import { currentConversation, rememberConversation } from './address';

const PAGE = 100;

export class App {
  state = $state.raw<State | null>(null);
  /** Why there is no state. */
  failure = $state.raw<ApiError | null>(null);
  readonly ui = new Ui();
  readonly voice: Voice;
  readonly sharing: Sharing;
  /** Null in a browser's tab. */
  readonly desktop: Desktop | null;
  /** Files that wait to go with the next message. */
  readonly attaching: Attaching;
  readonly #feed: Feed;
  #searchNumber = 0;
  /** The page that is under way. */
  #paging: string | null = null;

  constructor(readonly host: Host) {
    this.voice = new Voice({
      host,
      state: () => this.state,
      ask: (name, args) => this.ask(name, args),
      open: (conversation) => this.open(conversation),
      startNew: () => this.startNew(),
    });
    this.sharing = new Sharing({ host, ask: (name, args) => this.ask(name, args) });
    this.desktop = host.desktop ? new Desktop(this, host.desktop) : null;
    this.attaching = new Attaching({
      host,
      refused: (refusal) => this.#tellRefusal(refusal),
      caution: (error) => this.showError(error),
      part: (name, { read, pages }) => this.ui.toast({ text: t('attach.part', { name, read, pages }) }),
      added: (name) => {
        this.ui.announcement = t('attach.added', { name: name || t('attach.picture') });
      },
    });
    this.#feed = new Feed({
      snapshot: () => host.call('snapshot', {}),
      openConversation: (conversation) => host.call('open_conversation', { conversation }),
      changed: (state) => {
        if (this.state?.open && !state.open) rememberConversation(null);
        const before = this.state;
        this.state = state;
        this.failure = null;
        this.voice.follow(before, state);
        this.sharing.follow(state.voice.sharing);
      },
      levels: (levels) => this.voice.levels.take(levels),
      failed: (error) => {
        this.failure = toFailure(error).error;
      },
    });
  }

  /** Begins to listen, takes the first snapshot, and, unless it is to begin anew, opens what was open before a reload. */
  async start(anew = false): Promise<() => void> {
    const stop = await this.host.listen(
      (event) => this.#feed.take(event),
      () => void this.#feed.resync(),
    );
    await this.#feed.resync();
    const before = anew ? null : currentConversation();
    if (before) await this.open(before, true);
    return stop;
  }

  retryStart(): void {
    void this.#feed.resync();
  }

  /** Calls a command; a failure is shown and gives null. */
  async ask<K extends CommandName>(name: K, args: Args<K>): Promise<Reply<K> | null> {
    try {
      return await this.host.call(name, args);
    } catch (thrown) {
      this.showError(toFailure(thrown).error);
      return null;
    }
  }

  showError(error: ApiError): void {
    if (error.code === 'cancelled') return;
    const remedy = remedyFor(error.code);
    this.ui.toast({
      text: this.sentence(error),
      detail: this.detail(error),
      tone: 'bad',
      action:
        remedy && remedy !== 'retry'
          ? { label: t(`error.action.${remedy}`), run: () => this.remedy(remedy) }
          : null,
    });
  }

  /** The window's own words for a known code; else what the application said. */
  sentence(error: ApiError): string {
    if (error.sound) return soundSentence(error.sound);
    return error.code === 'other' ? error.message : (tMaybe(`error.${error.code}`) ?? error.message);
  }

  /** What is to be said after the sentence: what to do, or what exactly the application said. */
  detail(error: ApiError): string | null {
    const advice = error.sound ? soundAdvice(error.sound) : null;
    if (advice !== null) return advice;
    const sentence = this.sentence(error);
    // What begins with the same words says the rest.
    const more = error.message.startsWith(sentence) ? error.message.slice(sentence.length) : error.message;
    return more.trim() || null;
  }

  remedy(remedy: Remedy): void {
    if (remedy === 'choose_model') this.ui.dialog = 'models';
    else if (remedy === 'settings') this.ui.openSettings('answers');
    else if (remedy === 'servers') this.ui.openSettings('servers');
    else if (remedy === 'voice_settings') this.ui.openSettings('voice');
    else if (remedy === 'voice_models') this.ui.openSettings('models');
    else if (remedy === 'settings_file') void this.ask('open_settings_file', {});
    else if (remedy === 'restart') void this.ask('restart_engine', {});
  }

  // ── Conversations ──

  async open(id: string, quiet = false): Promise<void> {
    this.ui.editing = null;
    this.ui.drawerShown = false;
    try {
      await this.#feed.open(id);
      rememberConversation(id);
    } catch (thrown) {
      if (quiet) rememberConversation(null);
      else this.showError(toFailure(thrown).error);
    }
  }

  startNew(): void {
    this.ui.editing = null;
    this.ui.drawerShown = false;
    this.#feed.close();
    rememberConversation(null);
    this.ui.focusComposer++;
  }

  /** True when the message was taken, with the files that wait for it. */
  async send(text: string): Promise<boolean> {
    const conversation = this.state?.open?.id ?? null;
    await this.attaching.settled();
    const attachments = this.attaching.files(conversation);
    if (text === '' && attachments.length === 0) return false;
    const sent = await this.ask('send', { conversation, text, attachments });
    if (sent) this.attaching.clear(conversation);
    if (sent && sent.conversation !== conversation) await this.open(sent.conversation);
    return sent !== null;
  }

  stop(): void {
    const open = this.state?.open;
    const voice = this.state?.voice;
    const reply = streaming(open ?? null);
    // What is spoken ends where it was heard: the spoken conversation knows.
    if (voice?.speaking && (!reply || reply.id === voice.speaking)) void this.voice.hush();
    else if (open && reply) void this.ask('stop', { conversation: open.id });
  }

  async delete(id: string, title: string): Promise<void> {
    const wasOpen = this.state?.open?.id === id;
    if ((await this.ask('delete', { conversation: id })) === null) return;
    if (wasOpen) this.startNew();
    this.ui.toast({
      text: t('conversation.deleted', { title: title || t('conversation.untitled') }),
      action: {
        label: t('common.undo'),
        run: async () => {
          if ((await this.ask('undelete', { conversation: id })) !== null && wasOpen) await this.open(id);
        },
      },
    });
  }

  async export(id: string, format: ExportFormat): Promise<void> {
    const written = await this.ask('export', { conversation: id, format });
    if (written) this.ui.toast({ text: t('conversation.exported', { path: written.path }) });
  }

  async import(json: string): Promise<void> {
    const imported = await this.ask('import', { json });
    if (!imported) return;
    this.ui.toast({ text: t('conversation.imported', { n: imported.conversations }) });
    await this.#feed.resync();
  }

  async copyLast(): Promise<void> {
    const last = lastOf(this.state?.open ?? null, 'assistant');
    if (last) await this.copy(last.text);
  }

  async copy(text: string): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(text);
    } catch (thrown) {
      this.showError(toFailure(thrown).error);
      return false;
    }
    this.ui.announcement = t('common.copied');
    return true;
  }

  editLast(): void {
    this.ui.editing = lastOf(this.state?.open ?? null, 'user')?.id ?? null;
  }

  #tellRefusal({ why, name, detail }: Refusal): void {
    const of = { name: name || t('attach.picture'), size: fmt.bytes(MOST_BYTES), n: MOST_FILES };
    this.ui.toast({ text: t(`attach.${why}`, of), detail, tone: 'bad' });
  }

  // ── The list ──

  async search(query: string): Promise<void> {
    const mine = ++this.#searchNumber;
    if (query.trim() === '') {
      this.#feed.update((state) => ({ ...state, search: null }));
      return;
    }
    const page = await this.ask('list_conversations', { query, cursor: null, limit: PAGE });
    if (page && mine === this.#searchNumber) {
      this.#feed.update((state) => ({ ...state, search: { ...page, query } }));
    }
  }

  /** The next page of what the list shows. */
  async more(): Promise<void> {
    const shown = this.state?.search ?? this.state?.list;
    if (!shown?.next) return;
    const query = this.state?.search?.query ?? '';
    // Of a list that was replaced meanwhile the next page is another one, and does not wait for the old one's.
    const mine = JSON.stringify([query, shown.next]);
    if (this.#paging === mine) return;
    this.#paging = mine;
    const page = await this.ask('list_conversations', { query, cursor: shown.next, limit: PAGE });
    if (this.#paging === mine) this.#paging = null;
    if (!page) return;
    const grown = <L extends ConversationList>(list: L): L =>
      list.next === shown.next ? append(list, page) : list;
    this.#feed.update((state) =>
      state.search
        ? { ...state, search: state.search.query === query ? grown(state.search) : state.search }
        : { ...state, list: query === '' ? grown(state.list) : state.list },
    );
  }

  /** Shows or hides the list; where the window is narrow it lies over the conversation. */
  toggleList(): void {
    if (this.ui.narrow) {
      this.ui.drawerShown = !this.ui.drawerShown;
      if (this.ui.drawerShown) this.ui.focusSearch++;
      else this.ui.focusComposer++;
    } else this.ui.listShown = !this.ui.listShown;
  }

  /** Shows the list if it is hidden, with the search ready to type in. */
  focusSearch(): void {
    if (this.ui.narrow) this.ui.drawerShown = true;
    else this.ui.listShown = true;
    this.ui.focusSearch++;
  }

  // ── Models and the rest ──

  async chooseModel(conversation: string | null, model: string | null): Promise<void> {
    await this.ask('choose_model', { conversation, model });
  }

  async finishFirstRun(): Promise<void> {
    await this.ask('finish_first_run', {});
    this.#feed.update((state) => ({ ...state, firstRun: false }));
    this.ui.focusComposer++;
  }

  setting(path: string): unknown {
    const [section = '', name = ''] = path.split('.');
    return this.state?.settings.values[section]?.[name];
  }

  async changeSetting(path: string, value: unknown): Promise<boolean> {
    return (await this.ask('change_setting', { path, value })) !== null;
  }

  /** Remembers what was typed, so that the composer finds it again; the application keeps it too. */
  async saveDraft(conversation: string | null, text: string): Promise<void> {
    this.#feed.update((state) =>
      conversation === null
        ? { ...state, draft: text }
        : state.open?.id === conversation
          ? { ...state, open: { ...state.open, draft: text } }
          : state,
    );
    await this.ask('save_draft', { conversation, text });
  }
}

const KEY = Symbol('app');

export function provideApp(app: App): void {
  setContext(KEY, app);
}

export function getApp(): App {
  return getContext<App>(KEY);
}
