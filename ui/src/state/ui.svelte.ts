/** What is open in this window and nowhere else: dialogs, menu, toasts, which message is being edited. */

export type SettingsPage =
  'general' | 'answers' | 'voice' | 'models' | 'servers' | 'shortcuts' | 'privacy' | 'about';
export type DialogName = 'settings' | 'models' | 'shortcuts' | 'closing';

export interface MenuItem {
  label: string;
  run(): void;
  danger?: boolean;
  /** Draws a line above. */
  apart?: boolean;
}

export interface Menu {
  items: MenuItem[];
  x: number;
  y: number;
  /** Gets the focus back. */
  anchor: HTMLElement | null;
}

export interface Toast {
  id: number;
  text: string;
  /** What exactly happened, below the text. */
  detail: string | null;
  tone: 'plain' | 'bad';
  action: { label: string; run(): void } | null;
}

const TOAST_MS = 7_000;

export class Ui {
  dialog = $state<DialogName | null>(null);
  settingsPage = $state<SettingsPage>('general');
  menu = $state<Menu | null>(null);
  toasts = $state<Toast[]>([]);
  /** Id of the user's message that is being edited. */
  editing = $state<string | null>(null);
  /** Id of the conversation whose title is being edited in the list. */
  renaming = $state<string | null>(null);
  listShown = $state(true);
  drawerShown = $state(false);
  /** The window is too narrow for both: the list lies over the conversation when it is asked for. */
  narrow = $state(false);
  /** The setting, or the system, asks for less motion: what moves by itself is drawn plainly. */
  lessMotion = $state(false);
  /** Read out by screen readers. */
  announcement = $state('');
  /** Counts up whenever the composer or the search should get the focus. */
  focusComposer = $state(0);
  focusSearch = $state(0);

  #nextToast = 1;
  // Timers are nothing to draw: no need for a reactive map.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

  openSettings(page: SettingsPage = this.settingsPage): void {
    this.settingsPage = page;
    this.dialog = 'settings';
  }

  toast(toast: Partial<Toast> & { text: string }): void {
    const id = this.#nextToast++;
    const same = this.toasts.find((one) => one.text === toast.text && one.detail === (toast.detail ?? null));
    if (same) this.dismiss(same.id);
    this.toasts.push({ id, detail: null, tone: 'plain', action: null, ...toast });
    this.#startTimer(id);
  }

  /** A toast under the pointer or with the focus stays. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
  }

  release(id: number): void {
    this.hold(id);
    this.#startTimer(id);
  }

  dismiss(id: number): void {
    this.hold(id);
    this.#timers.delete(id);
    this.toasts = this.toasts.filter((one) => one.id !== id);
  }

  #startTimer(id: number): void {
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), TOAST_MS),
    );
  }
}
