/** What is shared in a spoken conversation: what there is to share, and a small picture of what is. */
import type { Sharable, SharedThing, SharingView } from '../generated/api';
import type { Args, CommandName, Host, Reply } from '../host';

export interface SharingPorts {
  host: Host;
  ask<K extends CommandName>(name: K, args: Args<K>): Promise<Reply<K> | null>;
}

export class Sharing {
  /** What can be shared, as it was when it was last looked at; none before. */
  sharable = $state.raw<Sharable | null>(null);
  /** What Hark sees, as an address; none while nothing is shared. */
  picture = $state.raw<string | null>(null);
  /** What the picture is of. */
  #shown: string | null = null;
  #wanted: string | null = null;
  #fetching = false;

  constructor(private readonly ports: SharingPorts) {}

  async look(): Promise<void> {
    this.sharable = await this.ports.ask('sharable', {});
  }

  async share(what: SharedThing): Promise<void> {
    await this.ports.ask('share', { what });
  }

  async stop(): Promise<void> {
    await this.ports.ask('stop_sharing', {});
  }

  /** What is shared stands so now: the picture follows. */
  follow(now: SharingView | null): void {
    this.#wanted = now?.on ? `${JSON.stringify(now.what)} ${now.pictures}` : null;
    if (this.#wanted === null) {
      this.picture = null;
      this.#shown = null;
    } else void this.#fetch();
  }

  /** One at a time; what changed meanwhile is fetched after it. */
  async #fetch(): Promise<void> {
    if (this.#fetching) return;
    this.#fetching = true;
    try {
      while (this.#wanted !== null && this.#wanted !== this.#shown) {
        this.#shown = this.#wanted;
        const { media_type, data } = await this.ports.host.call('shared_picture', {});
        if (this.#wanted !== null) this.picture = `data:${media_type};base64,${data}`;
      }
    } catch {
      // It is no longer shared, or will be told in a moment why.
    } finally {
      this.#fetching = false;
    }
  }
}
