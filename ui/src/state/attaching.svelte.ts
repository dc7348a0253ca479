/** Files that wait to go with the next message, by conversation; and small pictures of those that went. */
import type {
  ApiError,
  Attached,
  AttachedFile,
  AttachmentView,
  FileData,
  PartOfDocument,
} from '../generated/api';
import { toFailure, type Host } from '../host';

/** What the application takes at most: `MOST_ATTACHED_BYTES`, `MOST_ATTACHMENTS`. */
export const MOST_BYTES = 32 * 1024 * 1024;
export const MOST_FILES = 16;

/** A file on its way into the next message. */
export interface Waiting {
  id: number;
  name: string;
  /** None while it is being looked at. */
  attachment: AttachmentView | null;
}

export type Refusal = { why: 'too_large' | 'too_many' | 'refused'; name: string; detail: string | null };

interface Parts {
  host: Host;
  refused(refusal: Refusal): void;
  caution(error: ApiError): void;
  /** Only a part of a long document goes along. */
  part(name: string, part: PartOfDocument): void;
  added(name: string): void;
}

export class Attaching {
  #lists = $state.raw<Record<string, readonly Waiting[]>>({});
  // Nothing is drawn from these two: no need for reactive maps.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #under = new Map<number, Promise<void>>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #thumbnails = new Map<string, Promise<string | null>>();
  #next = 1;

  constructor(private readonly parts: Parts) {}

  of(conversation: string | null): readonly Waiting[] {
    return this.#lists[conversation ?? ''] ?? [];
  }

  /** Keeps files for the next message, in their order. */
  add(conversation: string | null, files: readonly File[]): void {
    for (const file of files) {
      const { name } = file;
      if (this.of(conversation).length >= MOST_FILES) {
        this.parts.refused({ why: 'too_many', name, detail: null });
        return;
      }
      if (file.size > MOST_BYTES) {
        this.parts.refused({ why: 'too_large', name, detail: null });
        continue;
      }
      const id = this.#next++;
      this.#set(conversation, [...this.of(conversation), { id, name, attachment: null }]);
      this.#under.set(id, this.#take(conversation, id, file));
    }
  }

  async #take(conversation: string | null, id: number, file: File): Promise<void> {
    try {
      const data = await base64(file);
      const kept = await this.parts.host.call('attach', { conversation, name: file.name, data });
      if (!this.of(conversation).some((one) => one.id === id)) {
        // Removed while it was on its way.
        for (const { content } of kept.attachments) this.#forget(content);
        return;
      }
      const here = this.of(conversation).map((one) => one.attachment?.content);
      const fresh = kept.attachments
        .filter((one) => !here.includes(one.content))
        .map((attachment, at) => ({ id: at === 0 ? id : this.#next++, name: attachment.name, attachment }));
      this.#set(
        conversation,
        this.of(conversation).flatMap((one) => (one.id === id ? fresh : [one])),
      );
      this.parts.added(file.name);
      if (kept.part) this.parts.part(file.name, kept.part);
      if (kept.caution) this.parts.caution(kept.caution);
    } catch (thrown) {
      this.#drop(conversation, id);
      this.parts.refused({ why: 'refused', name: file.name, detail: toFailure(thrown).message });
    } finally {
      this.#under.delete(id);
    }
  }

  /** A picture that was kept already, under this name. */
  took(conversation: string | null, { attachments, caution }: Attached, name: string): void {
    if (this.of(conversation).length >= MOST_FILES) {
      for (const { content } of attachments) this.#forget(content);
      this.parts.refused({ why: 'too_many', name, detail: null });
      return;
    }
    const here = this.of(conversation).map((one) => one.attachment?.content);
    const fresh = attachments
      .filter((one) => !here.includes(one.content))
      .map((attachment) => ({ id: this.#next++, name, attachment: { ...attachment, name } }));
    this.#set(conversation, [...this.of(conversation), ...fresh]);
    this.parts.added(name);
    if (caution) this.parts.caution(caution);
  }

  /** What waits in one conversation waits in another, after what does so there. */
  move(from: string | null, to: string | null): void {
    if (from === to) return;
    const moved = this.of(from).flatMap(({ attachment }) => (attachment ? [attachment] : []));
    const there = this.of(to).flatMap(({ attachment }) => (attachment ? [attachment] : []));
    this.clear(from);
    this.clear(to);
    this.give(to, [...there, ...moved]);
  }

  remove(conversation: string | null, id: number): void {
    const content = this.of(conversation).find((one) => one.id === id)?.attachment?.content;
    this.#drop(conversation, id);
    if (content) this.#forget(content);
  }

  /** Unless the same file waits elsewhere. What is not forgotten now is so after a day. */
  #forget(content: string): void {
    const waits = Object.values(this.#lists).some((list) =>
      list.some((one) => one.attachment?.content === content),
    );
    if (!waits) void this.parts.host.call('detach', { content }).catch(() => undefined);
  }

  /** When all that was given has been looked at. */
  async settled(): Promise<void> {
    await Promise.all(this.#under.values());
  }

  /** What goes with a message now. */
  files(conversation: string | null): AttachedFile[] {
    return this.of(conversation).flatMap(({ name, attachment }) =>
      attachment ? [{ content: attachment.content, name }] : [],
    );
  }

  /** They went. */
  clear(conversation: string | null): void {
    this.#set(conversation, []);
  }

  /** Came back with a message that could not be sent. */
  give(conversation: string | null, attachments: readonly AttachmentView[]): void {
    const here = this.of(conversation).map((one) => one.attachment?.content);
    const back = attachments
      .filter((one) => !here.includes(one.content))
      .map((attachment) => ({ id: this.#next++, name: attachment.name, attachment }));
    this.#set(conversation, [...back, ...this.of(conversation)]);
  }

  /** A small picture of an attached one, as an address; null when it is no longer there. */
  thumbnail(content: string): Promise<string | null> {
    let known = this.#thumbnails.get(content);
    if (!known) {
      known = this.parts.host.call('thumbnail', { content }).then(address, () => {
        this.#thumbnails.delete(content);
        return null;
      });
      this.#thumbnails.set(content, known);
    }
    return known;
  }

  /** An attached picture as the model was shown it. */
  async picture(content: string): Promise<string> {
    return address(await this.parts.host.call('attached_file', { content }));
  }

  #drop(conversation: string | null, id: number): void {
    this.#set(
      conversation,
      this.of(conversation).filter((one) => one.id !== id),
    );
  }

  #set(conversation: string | null, list: readonly Waiting[]): void {
    this.#lists = { ...this.#lists, [conversation ?? '']: list };
  }
}

const address = ({ media_type, data }: FileData) => `data:${media_type};base64,${data}`;

/** The bytes of a file; the browser's own reader is the quickest way there. */
function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const url = String(reader.result);
      resolve(url.slice(url.indexOf(',') + 1));
    };
    reader.onerror = () => reject(reader.error ?? new Error('The file cannot be read.'));
    reader.readAsDataURL(file);
  });
}

/** The files in what is pasted. Formatted text that brings a picture of itself along (office programs do) is text. */
export function filesIn(data: DataTransfer | null): File[] {
  if (!data) return [];
  const has = (type: string) => data.types.includes(type);
  if (has('text/plain') && (has('text/rtf') || has('text/html'))) return [];
  return [...data.files];
}
