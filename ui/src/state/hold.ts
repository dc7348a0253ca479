/** A key that is held: by a pointer, by a key of the keyboard, or by both. It is down while anything holds it. */
export type Holder = 'pointer' | 'keyboard' | 'latch';

export class Hold {
  readonly #by = new Set<Holder>();

  constructor(private readonly changed: (down: boolean) => void) {}

  get down(): boolean {
    return this.#by.size > 0;
  }

  /** A repeated press of the same holder changes nothing. */
  press(by: Holder): void {
    if (this.#by.has(by)) return;
    this.#by.add(by);
    if (this.#by.size === 1) this.changed(true);
  }

  release(by: Holder): void {
    if (this.#by.delete(by) && this.#by.size === 0) this.changed(false);
  }

  /** The window lost the focus, or the button is gone: nobody can tell any more when it is let go. */
  releaseAll(): void {
    if (this.#by.size === 0) return;
    this.#by.clear();
    this.changed(false);
  }
}
