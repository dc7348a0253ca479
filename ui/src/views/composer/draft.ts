/** Keeps what is typed, a moment after the last key and at once when the window is left. */

const WAIT_MS = 400;

export class Draft {
  #where: string | null = null;
  #saved = '';
  #text = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly save: (where: string | null, text: string) => unknown) {}

  /** From now on the text belongs to this conversation, which has this draft already. */
  begin(where: string | null, text: string): void {
    clearTimeout(this.#timer);
    this.#where = where;
    this.#saved = this.#text = text;
  }

  changed(text: string): void {
    this.#text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), WAIT_MS);
  }

  /** The text is on its way as a message and not to be saved; call what it returns once the message was taken. */
  take(): () => void {
    clearTimeout(this.#timer);
    const where = this.#where;
    const saved = this.#saved;
    this.#text = this.#saved;
    return () => {
      if (saved !== '') this.save(where, '');
      if (this.#where === where && this.#text === saved) this.#text = this.#saved = '';
    };
  }

  flush(): void {
    clearTimeout(this.#timer);
    if (this.#text === this.#saved) return;
    this.#saved = this.#text;
    this.save(this.#where, this.#text);
  }
}
