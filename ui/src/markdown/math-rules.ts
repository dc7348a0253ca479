/**
 * LaTeX in Markdown: `$…$`, `\(…\)` in a line; `$$…$$`, `\[…\]` on their own.
 *
 * Always holds: a formula never contains a blank line, so that an unclosed one cannot swallow the rest of a reply;
 * each rule looks at every character a bounded number of times.
 */
import type { Env, MarkdownIt, StateBlock, StateInline } from 'markdown-it';

const DOLLAR = 0x24;
const BACKSLASH = 0x5c;
/** A longer run between two dollars is prose. */
const LONGEST_INLINE = 2_000;

/** Parsing state that is shared with parser.ts through markdown-it's `env`. */
export interface MathEnv extends Env {
  /** The text may still grow at its end. */
  streaming?: boolean;
  /** The run of text being parsed is the last one, and may still grow. */
  growing?: boolean;
  /** Number of lines of the text being parsed. */
  lineCount?: number;
}

function escaped(src: string, at: number): boolean {
  let n = 0;
  while (at > n && src.charCodeAt(at - 1 - n) === BACKSLASH) n++;
  return n % 2 === 1;
}

/** The first `close` at or after `from` that is not escaped; -1 if there is none. Remembers failure per state. */
function findClose(state: StateInline, close: string, from: number): number {
  const key = -1 - close.charCodeAt(close.length - 1);
  const none = state.cache[key];
  if (none !== undefined && from >= none) return -1;
  let at = state.src.indexOf(close, from);
  while (at >= 0 && escaped(state.src, at)) at = state.src.indexOf(close, at + 1);
  if (at < 0 || at + close.length > state.posMax) {
    if (at < 0) state.cache[key] = from;
    return -1;
  }
  return at;
}

/** "5 and 10", "5, or about 10": figures followed by words, with nothing that only a formula has. */
function looksLikeMoney(inner: string): boolean {
  return /^[\d.,]+\s*[-–—,/]?\s*(?:[a-z]{2,}|[\d.,]+\s+[a-z]{2,})/i.test(inner) && !/[\\^_=+*{}]/.test(inner);
}

function looksLikeProse(inner: string): boolean {
  return /\s[a-z]{2,}\s+[a-z]{2,}/i.test(inner) && !inner.includes('\\');
}

function push(state: StateInline, tex: string, display: boolean, open: boolean): void {
  const token = state.push(display ? 'math_display' : 'math_inline', 'span', 0);
  token.content = tex.trim();
  token.meta = { open };
}

/** One dollar: only if the very next dollar can close (pandoc's rule), which also keeps the scan linear. */
function singleDollar(state: StateInline, silent: boolean): boolean {
  const { src, pos } = state;
  const env = state.env as MathEnv;
  if (/[\p{L}\p{N}]/u.test(src[pos - 1] ?? ' ')) return false;
  if (/[\s$]/.test(src[pos + 1] ?? ' ')) return false;
  let at = src.indexOf('$', pos + 1);
  while (at > 0 && escaped(src, at)) at = src.indexOf('$', at + 1);
  if (at < 0 || at >= state.posMax) {
    const rest = src.slice(pos + 1, state.posMax);
    if (!env.growing || rest.length > 200 || /^\d/.test(rest) || looksLikeProse(rest)) return false;
    if (!silent) push(state, rest, false, true);
    state.pos = state.posMax;
    return true;
  }
  const inner = src.slice(pos + 1, at);
  if (inner.length > LONGEST_INLINE || /\s$/.test(inner) || looksLikeMoney(inner)) return false;
  if (/\d/.test(src[at + 1] ?? '') || src[at + 1] === '$') return false;
  if (!silent) push(state, inner, false, false);
  state.pos = at + 1;
  return true;
}

function inlineMath(state: StateInline, silent: boolean): boolean {
  const { src, pos } = state;
  const first = src.charCodeAt(pos);
  let close: string;
  if (first === DOLLAR) {
    if (src.charCodeAt(pos + 1) !== DOLLAR) return singleDollar(state, silent);
    close = '$$';
  } else if (first === BACKSLASH && src[pos + 1] === '(') close = '\\)';
  else if (first === BACKSLASH && src[pos + 1] === '[') close = '\\]';
  else return false;

  const end = findClose(state, close, pos + 2);
  const open = end < 0;
  if (open && !(state.env as MathEnv).growing) return false;
  const inner = src.slice(pos + 2, open ? state.posMax : end);
  if (!open && inner.trim() === '') return false;
  if (!silent) push(state, inner, close !== '\\)', open);
  state.pos = open ? state.posMax : end + 2;
  return true;
}

interface Found {
  tex: string;
  next: number;
  open: boolean;
}

/** From an opening mark at the start of a line to a closing mark at the end of one. */
function findBlock(state: StateBlock, startLine: number, endLine: number, close: string): Found | null {
  const parts: string[] = [];
  for (let line = startLine; line < endLine; line++) {
    const start = state.bMarks[line]! + state.tShift[line]! + (line === startLine ? 2 : 0);
    const text = state.src.slice(start, state.eMarks[line]!);
    if (line > startLine && (text.trim() === '' || state.sCount[line]! < state.blkIndent)) return null;
    let at = text.indexOf(close);
    while (at >= 0 && escaped(text, at)) at = text.indexOf(close, at + 1);
    if (at >= 0) {
      if (text.slice(at + close.length).trim() !== '') return null;
      parts.push(text.slice(0, at));
      const tex = parts.join('\n').trim();
      return tex === '' ? null : { tex, next: line + 1, open: false };
    }
    parts.push(text);
  }
  const env = state.env as MathEnv;
  if (!env.streaming || endLine < (env.lineCount ?? 0)) return null;
  return { tex: parts.join('\n').trim(), next: endLine, open: true };
}

function blockMath(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  if (state.sCount[startLine]! - state.blkIndent >= 4) return false;
  const mark = state.src.substr(state.bMarks[startLine]! + state.tShift[startLine]!, 2);
  if (mark !== '$$' && mark !== '\\[') return false;
  const found = findBlock(state, startLine, endLine, mark === '$$' ? '$$' : '\\]');
  if (!found) return false;
  if (silent) return true;
  const token = state.push('math_block', 'div', 0);
  token.content = found.tex;
  token.meta = { open: found.open };
  token.map = [startLine, found.next];
  state.line = found.next;
  return true;
}

/** Adds the rules; parser.ts says how their tokens look. */
export function mathRules(md: MarkdownIt): void {
  md.inline.ruler.before('escape', 'math', inlineMath);
  md.block.ruler.before('fence', 'math', blockMath, {
    alt: ['paragraph', 'reference', 'blockquote', 'list'],
  });
}
