/** Attached files of the scripted host. What a file is, it believes its name; the application does not. */
import type { Attach, Attached, AttachmentView, FileData, PartOfDocument } from '../../generated/api';
import { ApiFailure } from '../types';

const PICTURES: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  svg: 'image/svg+xml',
};

interface Kept {
  view: AttachmentView;
  data: string;
}

export class AttachedFiles {
  readonly #kept = new Map<string, Kept>();

  take({ name, data }: Attach, blind: boolean): Attached {
    const ending = name.split('.').at(-1)?.toLowerCase() ?? '';
    if (ending === 'zip') {
      throw new ApiFailure({ code: 'bad_request', message: 'Files of this kind (ZIP) cannot be read.' });
    }
    const media = PICTURES[ending];
    const content = [...data].reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) >>> 0, 7).toString(16);
    const view: AttachmentView = {
      content: content.padStart(64, '0'),
      name,
      media_type: media ?? 'text/plain',
      bytes: Math.floor((data.length * 3) / 4),
      kind: media ? { kind: 'picture', width: 640, height: 400 } : { kind: 'text' },
    };
    this.#kept.set(view.content, { view, data });
    const caution = {
      code: 'cannot_see' as const,
      message: 'SmolLM2 135M cannot see pictures. Qwen3-VL 2B can, and fits this machine: download it.',
    };
    return { attachments: [view], part: this.#part(ending), caution: media && blind ? caution : null };
  }

  /** Documents here are all too long. */
  #part(ending: string): PartOfDocument | null {
    return ending === 'pdf' ? { read: 200, pages: 500 } : null;
  }

  get(content: string): AttachmentView {
    return this.#one(content).view;
  }

  data(content: string): FileData {
    const { view, data } = this.#one(content);
    return { media_type: view.media_type, data };
  }

  drop(content: string): void {
    this.#kept.delete(content);
  }

  #one(content: string): Kept {
    const one = this.#kept.get(content);
    if (!one) throw new ApiFailure({ code: 'not_found', message: 'The attached file is no longer there.' });
    return one;
  }
}
