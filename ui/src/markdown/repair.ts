/**
 * Makes the unfinished end of a growing text look like what it is about to become: `**bol` is already bold,
 * `[link](htt` is only its words, a table's head is a table. Pure; used on the open block alone, so nothing here can
 * change a finished reply.
 */
import { CJK } from './cjk.ts';

/** A last line that may yet turn out to be anything: `-`, `##`, `1.`, half a fence, half a delimiter row. */
const UNDECIDED = /^[\s>]*(?:[-+*]\s+)*(?:[-=+*_#`~]+|[\s:|-]+|\d{1,9}[.)]?)\s*$/;
const HALF_FENCE = /^[\s>]*[`~]+\s*$/;

function withoutLastLine(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

function cells(row: string): number {
  const parts = row.trim().replace(/\\\|/g, '').split('|');
  if (parts[0] === '') parts.shift();
  if (parts.at(-1) === '') parts.pop();
  return parts.length;
}

/** A first row is shown as a table's head before the row of dashes has come. */
function withTableHead(text: string): string {
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  const lines = body.slice(-4_000).split('\n');
  const head = lines.at(-1) ?? '';
  const match = /^(\s*(?:>\s?)*)\|(?=.*\S)/.exec(head);
  if (!match || /^[\s>]*\|/.test(lines.at(-2) ?? '')) return text;
  const n = cells(head.slice(match[1]!.length));
  return n === 0 ? text : `${body}\n${match[1]}|${'---|'.repeat(n)}`;
}

/** The growing text as it should be parsed now. `inFence`: its last complete line is inside an open code fence. */
export function growingView(text: string, inFence: boolean): string {
  const last = text.slice(text.lastIndexOf('\n') + 1);
  if (inFence) return HALF_FENCE.test(last) ? withoutLastLine(text) : text;
  return withTableHead(last !== '' && UNDECIDED.test(last) ? withoutLastLine(text) : text);
}

const WORD = /[\p{L}\p{N}]/u;
const BLANK = /\s/;

interface Run {
  mark: string;
  length: number;
}

/** Emphasis marks that are still open, outermost first. Links and code are dealt with on the way. */
class InlineScan {
  private readonly open: Run[] = [];
  /** Brackets without a partner so far. */
  private readonly brackets: { at: number; image: boolean }[] = [];
  private out: string;

  constructor(private readonly src: string) {
    this.out = src;
  }

  /** Text with every open construct closed. */
  run(): string {
    const { src } = this;
    let i = 0;
    while (i < src.length) {
      const ch = src[i]!;
      if (ch === '\\') {
        if (src[i + 1] === '(' || src[i + 1] === '[') {
          const end = src.indexOf(src[i + 1] === '(' ? '\\)' : '\\]', i + 2);
          if (end < 0) return this.finish(src);
          i = end;
        }
        i += 2;
      } else if (ch === '`') {
        const n = this.runLength(i, '`');
        const end = this.codeEnd(i + n, n);
        if (end < 0)
          return i + n >= src.length ? this.finish(src.slice(0, i)) : this.finish(src + '`'.repeat(n));
        i = end;
      } else if (ch === '$' && src[i + 1] === '$') {
        const end = src.indexOf('$$', i + 2);
        if (end < 0) return this.finish(i + 2 >= src.length ? src.slice(0, i) : src, false);
        i = end + 2;
      } else if (ch === '$' && i + 1 >= src.length) {
        return this.finish(src.slice(0, i));
      } else if (ch === '$') {
        const end = src.indexOf('$', i + 1);
        i = end > 0 && !BLANK.test(src[i + 1]!) && !BLANK.test(src[end - 1]!) ? end + 1 : i + 1;
      } else if (ch === '*' || ch === '_' || ch === '~') {
        i += this.delimiter(i, ch);
      } else if (ch === '[') {
        this.brackets.push({ at: i, image: src[i - 1] === '!' });
        i++;
      } else if (ch === ']') {
        const next = this.bracketEnd(i);
        if (next < 0) return this.finish(this.out);
        i = next;
      } else i++;
    }
    return this.finishBrackets();
  }

  private runLength(from: number, ch: string): number {
    let n = 1;
    while (this.src[from + n] === ch) n++;
    return n;
  }

  private codeEnd(from: number, n: number): number {
    let at = this.src.indexOf('`', from);
    while (at >= 0) {
      const m = this.runLength(at, '`');
      if (m === n) return at + m;
      at = this.src.indexOf('`', at + m);
    }
    return -1;
  }

  private delimiter(i: number, ch: string): number {
    const n = this.runLength(i, ch);
    const before = this.src[i - 1] ?? ' ';
    const after = this.src[i + n] ?? ' ';
    if (i + n >= this.src.length && !(this.open.at(-1)?.mark === ch && !BLANK.test(before))) {
      // Nothing follows yet: it says nothing.
      if (!WORD.test(before) || CJK.test(before)) this.out = this.src.slice(0, i);
      return n;
    }
    const inWord = WORD.test(before) && WORD.test(after) && !CJK.test(before + after);
    let left = n;
    while (left > 0 && !BLANK.test(before) && this.open.at(-1)?.mark === ch && !(ch === '_' && inWord)) {
      const top = this.open.at(-1)!;
      const used = Math.min(top.length, left);
      top.length -= used;
      left -= used;
      if (top.length === 0) this.open.pop();
    }
    const opens = left > 0 && !BLANK.test(after) && !inWord && (ch !== '~' || left === 2) && left <= 3;
    if (opens) this.open.push({ mark: ch, length: left });
    return n;
  }

  /** After `]`: the index to go on from, or -1 when the target of a link is still coming (`out` is then its words). */
  private bracketEnd(i: number): number {
    const { src } = this;
    const start = this.brackets.pop();
    if (!start) return i + 1;
    const words = (): string => src.slice(0, start.at - (start.image ? 1 : 0)) + src.slice(start.at + 1, i);
    const task = /^\s*\[[ xX]\]/.test(src);
    if (i + 1 >= src.length && !(task && start.at < 2)) {
      this.out = words();
      return -1;
    }
    if (src[i + 1] !== '(') return i + 1;
    const end = /[)\n]/g;
    end.lastIndex = i + 2;
    const found = end.exec(src);
    if (!found) {
      this.out = words();
      return -1;
    }
    return found.index + 1;
  }

  private finishBrackets(): string {
    const last = this.brackets.at(-1);
    if (!last || this.src.length - last.at > 300) return this.finish(this.out);
    const cut = last.at - (last.image ? 1 : 0);
    return this.finish(this.out.slice(0, cut) + this.out.slice(last.at + 1));
  }

  private finish(text: string, close = true): string {
    const out = text.replace(/(?<!\\)\\$/, '');
    if (!close || this.open.length === 0) return out;
    const marks = [...this.open].reverse().map((r) => r.mark.repeat(r.length));
    return out.trimEnd() + marks.join('');
  }
}

/** Longer text is left as it is: repairs matter for a line or two. */
const LONGEST = 20_000;

/** The text of the last paragraph, heading, list item or cell, with what is open in it closed. */
export function closeInline(src: string): string {
  return src.length > LONGEST ? src : new InlineScan(src).run();
}
