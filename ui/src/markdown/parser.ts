/**
 * Markdown to blocks: CommonMark, GFM tables, strikethrough, task lists and autolinks, formulas. Pure.
 *
 * Always holds: raw HTML is text; a link has one of the schemes in `SAFE_LINK`; a picture is a link; the HTML has no
 * style attribute (a strict content security policy forbids them).
 */
import MarkdownIt from 'markdown-it';
import type { StateCore, StateInline, Token } from 'markdown-it';
import { CJK } from './cjk.ts';
import { mathRules, type MathEnv } from './math-rules.ts';
import type { Block, Widget } from './model.ts';
import { closeInline } from './repair.ts';

export const SAFE_LINK = /^(?:https?:\/\/|mailto:)/i;
/** Rows of a table that are shown at once. */
export const TABLE_ROWS = 300;
/** A longer paragraph is shown as it is: nobody writes one by hand, and inline rules would take their time. */
const LONGEST_INLINE = 100_000;

export interface ParseEnv extends MathEnv {
  widgets: Widget[];
  imageLabel: string;
  /** Infinity after the user asked for all rows. */
  tableRows: number;
  /** Whether the text ends within a line. */
  partialLine?: boolean;
}

export type ParseOptions = Pick<ParseEnv, 'streaming' | 'references' | 'imageLabel' | 'tableRows'>;

function addWidget(env: ParseEnv, widget: Widget): number {
  return env.widgets.push(widget) - 1;
}

const md = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false });
const { escapeHtml } = md.utils;

// Targets are judged when the link is drawn: one that is not safe still shows its words.
md.validateLink = () => true;
// "main.rs" and "README.md" are not web addresses.
md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
md.linkify.add('ftp:', null).add('//', null);
md.linkify.add('www.', {
  validate(text, pos) {
    return (
      /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\/[^\s<>"')\]]*[^\s<>"')\].,:;!?*_~])?/i.exec(
        text.slice(pos, pos + 2_000),
      )?.[0].length ?? 0
    );
  },
  normalize(match) {
    match.url = `http://${match.url}`;
  },
});
mathRules(md);

/** Beside Chinese, Japanese or Korean, `*` and `~` open and close wherever no space forbids it. */
class InlineState extends md.inline.State {
  override scanDelims(start: number, canSplitWord: boolean): ReturnType<StateInline['scanDelims']> {
    const found = super.scanDelims(start, canSplitWord);
    const before = this.src[start - 1] ?? ' ';
    const after = this.src[start + found.length] ?? ' ';
    if (!canSplitWord || !CJK.test(before + after)) return found;
    return { ...found, can_open: !/\s/.test(after), can_close: !/\s/.test(before) };
  }
}
md.inline.State = InlineState;

/** Inline parsing, with the growing end of the text repaired first. */
function inlineRule(state: StateCore): void {
  const env = state.env as ParseEnv;
  const last = env.streaming ? state.tokens.findLast((t) => t.type === 'inline') : undefined;
  const growing = last && reachesEnd(state.tokens, last, env) ? last : undefined;
  for (const token of state.tokens) {
    if (token.type !== 'inline') continue;
    token.children ??= [];
    if (token.content.length > LONGEST_INLINE) {
      const text = new state.Token('text', '', 0);
      text.content = token.content;
      token.children.push(text);
      continue;
    }
    env.growing = token === growing;
    const src = env.growing ? closeInline(token.content) : token.content;
    state.md.inline.parse(src, state.md, env, token.children);
  }
  env.growing = false;
}

/** Whether a run of text touches the end of the document. Cells have no line of their own; the last one counts. */
function reachesEnd(tokens: Token[], token: Token, env: ParseEnv): boolean {
  const top = tokens.findLast((t) => t.level === 0 && t.map);
  const end = token.map?.[1] ?? top?.map?.[1] ?? 0;
  return end >= (env.lineCount ?? 0);
}
md.core.ruler.at('inline', inlineRule);

const TASK = /^\[([ xX])\](?:\s+|$)/;

/** `- [x] done`: takes the mark off before inline parsing sees it, which might read it as a link. */
function taskRule(state: StateCore): void {
  const { tokens } = state;
  for (let i = 2; i < tokens.length; i++) {
    const [item, paragraph, inline] = [tokens[i - 2]!, tokens[i - 1]!, tokens[i]!];
    if (inline.type !== 'inline' || paragraph.type !== 'paragraph_open' || item.type !== 'list_item_open')
      continue;
    const match = TASK.exec(inline.content);
    if (!match || (inline.content === match[0] && !(state.env as ParseEnv).streaming)) continue;
    inline.content = inline.content.slice(match[0].length);
    item.attrJoin('class', 'md-task');
    const box = new state.Token('task_box', 'input', 0);
    box.meta = { checked: match[1] !== ' ' };
    inline.children = [box];
  }
}
md.core.ruler.before('inline', 'task', taskRule);

/** Alignment by class, since style attributes are forbidden; and no more rows than one can look at. */
function tableRule(state: StateCore): void {
  const env = state.env as ParseEnv;
  const out: Token[] = [];
  let rows = 0;
  let inBody = false;
  for (const token of state.tokens) {
    if (token.type === 'th_open' || token.type === 'td_open') {
      const align = /^text-align:(\w+)$/.exec(String(token.attrGet('style') ?? ''))?.[1];
      token.attrs = align ? [['class', `md-${align}`]] : null;
    } else if (token.type === 'tbody_open') [inBody, rows] = [true, 0];
    else if (token.type === 'tbody_close') inBody = false;
    else if (token.type === 'tr_open' && inBody) rows++;
    else if (token.type === 'table_close') {
      if (rows > env.tableRows) token.meta = { hidden: rows - env.tableRows };
      rows = 0;
    }
    if (!inBody || rows <= env.tableRows) out.push(token);
  }
  state.tokens = out;
}
md.core.ruler.before('inline', 'table_rows', tableRule);

/** `<pre>` of a fence or an indented block; the code itself never goes through HTML. */
function codeHtml(tokens: Token[], i: number, env: ParseEnv): string {
  const token = tokens[i]!;
  const [from, to] = token.map ?? [0, 0];
  const open = Boolean(env.streaming) && to >= (env.lineCount ?? 0);
  const halfInfo = open && to - from === 1 && env.partialLine;
  const lang = halfInfo
    ? ''
    : md.utils
        .unescapeAll(token.info)
        .trim()
        .split(/[\s{,]/, 1)[0]!;
  const w = addWidget(env, { kind: 'code', lang: lang.toLowerCase(), code: token.content, open });
  return `<div class="md-code" data-k="code" data-w="${w}"></div>\n`;
}

function mathHtml(tokens: Token[], i: number, env: ParseEnv): string {
  const token = tokens[i]!;
  const display = token.type !== 'math_inline';
  const w = addWidget(env, {
    kind: 'math',
    tex: token.content,
    display,
    open: Boolean(token.meta?.['open']),
  });
  const name = display ? 'display' : 'inline';
  return `<span class="md-math md-math-${name}" data-k="math-${name}" data-w="${w}"></span>`;
}

const { rules } = md.renderer;
rules['fence'] = rules['code_block'] = (t, i, _o, env) => codeHtml(t, i, env as ParseEnv);
rules['math_inline'] = rules['math_display'] = (t, i, _o, env) => mathHtml(t, i, env as ParseEnv);
rules['math_block'] = (t, i, _o, env) => `<div class="md-formula">${mathHtml(t, i, env as ParseEnv)}</div>\n`;
rules['table_open'] = () => '<div class="md-table" tabindex="0"><table>\n';
rules['table_close'] = (t, i, _o, env) => {
  const hidden = t[i]!.meta?.['hidden'] as number | undefined;
  if (!hidden) return '</table></div>\n';
  const w = addWidget(env as ParseEnv, { kind: 'more', hidden });
  return `</table></div><div class="md-more" data-k="more" data-w="${w}"></div>\n`;
};
rules['task_box'] = (t, i) => `<input type="checkbox" disabled${t[i]!.meta?.['checked'] ? ' checked' : ''}> `;

rules['link_open'] = (t, i) => {
  const href = String(t[i]!.attrGet('href') ?? '');
  if (!SAFE_LINK.test(href)) return '<span class="md-dead">';
  return `<a href="${escapeHtml(href)}" title="${escapeHtml(href)}">`;
};
rules['link_close'] = (t, i) => {
  let depth = 0;
  for (let at = i; at >= 0; at--) {
    if (t[at]!.type === 'link_close') depth++;
    if (t[at]!.type === 'link_open' && --depth === 0)
      return SAFE_LINK.test(String(t[at]!.attrGet('href') ?? '')) ? '</a>' : '</span>';
  }
  return '</span>';
};
rules['image'] = (t, i, options, env) => {
  const src = String(t[i]!.attrGet('src') ?? '');
  const alt = md.renderer.renderInlineAsText(t[i]!.children ?? [], options, env).trim();
  const words = escapeHtml(`${(env as ParseEnv).imageLabel}: ${alt || src.slice(0, 80)}`);
  const inLink = t
    .slice(0, i)
    .reduce((n, x) => n + (x.type === 'link_open' ? 1 : x.type === 'link_close' ? -1 : 0), 0);
  if (inLink > 0 || !SAFE_LINK.test(src)) return `<span class="md-image">${words}</span>`;
  return `<a class="md-image" href="${escapeHtml(src)}" title="${escapeHtml(src)}">${words}</a>`;
};

/** Where a top-level block stands: lines `[from, to)`. */
export interface Span {
  from: number;
  to: number;
  /** May still turn out to be part of the block before it: a formula whose end has not come. */
  loose: boolean;
}

function lineCount(text: string): number {
  let n = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) n++;
  return text.endsWith('\n') || text === '' ? n : n + 1;
}

/** Top-level blocks of growing text, without their insides; and whether its end is inside an open code fence. */
export function outline(text: string): { spans: Span[]; inFence: boolean } {
  const tokens: Token[] = [];
  const lines = lineCount(text);
  const env: MathEnv = { streaming: true, lineCount: lines };
  md.block.parse(text, md, env, tokens);
  const spans = tokens
    .filter((t) => t.level === 0 && t.nesting >= 0 && t.map)
    .map((t) => ({
      from: t.map![0],
      to: t.map![1],
      loose: t.type === 'math_block' && Boolean(t.meta?.['open']),
    }));
  const fence = tokens.findLast((t) => t.map);
  // A closed fence has one line more than its opening line and content.
  const inFence =
    fence?.type === 'fence' &&
    fence.map![1] >= lines &&
    fence.map![1] - fence.map![0] === 1 + lineCount(fence.content);
  return { spans, inFence };
}

/** Rough height of a token in lines of text. */
function linesOf(token: Token): number {
  if (token.type === 'inline') return Math.ceil(token.content.length / 90);
  if (token.type === 'fence' || token.type === 'code_block') return lineCount(token.content) + 2;
  return token.type === 'math_block' ? 3 : 0;
}

/** Parses text into blocks. Link definitions found are added to `options.references`. */
export function parseBlocks(text: string, options: ParseOptions): Block[] {
  const env: ParseEnv = {
    ...options,
    widgets: [],
    lineCount: lineCount(text),
    partialLine: !text.endsWith('\n'),
  };
  const tokens = md.parse(text, env);
  const blocks: Block[] = [];
  let from = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]!.level !== 0 || tokens[i]!.nesting > 0) continue;
    const part = tokens.slice(from, i + 1);
    env.widgets = [];
    const html = md.renderer.render(part, md.options, env);
    blocks.push({ html, widgets: env.widgets, lines: part.reduce((n, t) => n + linesOf(t), 0) });
    from = i + 1;
  }
  return blocks;
}
