/**
 * Owns which blocks of a growing text are finished. Pure.
 *
 * Always holds: while text is only appended, a finished block stays the same object; after `update(text, 'finished')`
 * the blocks are those of parsing the whole text at once.
 */
import { sameBlock, type Block } from './model.ts';
import { outline, parseBlocks, TABLE_ROWS, type ParseOptions } from './parser.ts';
import { growingView } from './repair.ts';

export type Phase = 'streaming' | 'finished';

export interface Update {
  blocks: readonly Block[];
  /** Blocks before this index are the same objects as in the last update. */
  from: number;
}

function offsetOfLine(text: string, line: number): number {
  let at = 0;
  for (let n = 0; n < line; n++) at = text.indexOf('\n', at) + 1;
  return at;
}

export class BlockStream {
  private text = '';
  private blocks: Block[] = [];
  /** Finished blocks: how many, and how much of the text they cover. */
  private frozen = 0;
  private frozenLength = 0;
  private references: NonNullable<ParseOptions['references']> = {};
  /** Length of the part of the text whose lines are complete and have been looked at. */
  private outlined = 0;
  private inFence = false;

  constructor(
    private readonly imageLabel: string,
    private tableRows = TABLE_ROWS,
  ) {}

  /** How many blocks, from the first, are finished. */
  get finished(): number {
    return this.frozen;
  }

  /** From the next update on no table is shortened. */
  showAllRows(): void {
    this.tableRows = Infinity;
    this.reset();
  }

  update(raw: string, phase: Phase): Update {
    const text = raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw;
    if (!text.startsWith(this.text.slice(0, this.frozenLength))) this.reset();
    this.text = text;
    return phase === 'finished' ? this.finish() : this.grow();
  }

  private reset(): void {
    this.text = '';
    this.frozen = this.frozenLength = this.outlined = 0;
    this.references = {};
    this.inFence = false;
  }

  private options(streaming: boolean, references: ParseOptions['references']): ParseOptions {
    return { streaming, references, imageLabel: this.imageLabel, tableRows: this.tableRows };
  }

  /** Keeps the old object wherever nothing changed. */
  private replace(from: number, fresh: Block[]): Update {
    let same = from;
    const next = this.blocks.slice(0, from);
    for (const block of fresh) {
      const old = this.blocks[next.length];
      const kept = old && sameBlock(old, block) ? old : block;
      if (kept === old && same === next.length) same++;
      next.push(kept);
    }
    this.blocks = next;
    return { blocks: next, from: same };
  }

  private finish(): Update {
    const fresh = parseBlocks(this.text, this.options(false, {}));
    const update = this.replace(0, fresh);
    this.reset();
    return update;
  }

  private grow(): Update {
    const was = this.frozen;
    const end = this.text.lastIndexOf('\n') + 1;
    const done = end > this.outlined ? this.freeze(end) : [];
    const view = growingView(this.text.slice(this.frozenLength), this.inFence);
    const open = parseBlocks(view, this.options(true, { ...this.references }));
    return this.replace(was, [...done, ...open]);
  }

  /** A block is finished when a complete line of the next one has come: lines reach back no further. */
  private freeze(end: number): Block[] {
    const tail = this.text.slice(this.frozenLength, end);
    const { spans, inFence } = outline(tail);
    this.outlined = end;
    this.inFence = inFence;
    const last = spans.at(spans.at(-1)?.loose ? -3 : -2);
    if (!last) return [];
    const length = offsetOfLine(tail, last.to);
    const done = parseBlocks(tail.slice(0, length), this.options(false, this.references));
    this.frozen += done.length;
    this.frozenLength += length;
    return done;
  }
}
