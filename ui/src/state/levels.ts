/**
 * The levels of both voices, thirty times a second. They go past the reactive state on purpose: what listens here draws
 * by itself, and nothing else in the window takes notice.
 */
import type { VoiceLevels } from '../generated/api';
import { SILENCE } from './voice';

export class Levels {
  now: VoiceLevels = SILENCE;
  readonly #listeners = new Set<(levels: VoiceLevels) => void>();

  take(levels: VoiceLevels): void {
    this.now = levels;
    for (const listener of this.#listeners) listener(levels);
  }

  /** Sound has ended. */
  rest(): void {
    if (this.now !== SILENCE) this.take(SILENCE);
  }

  listen(listener: (levels: VoiceLevels) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
