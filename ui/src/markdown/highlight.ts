/**
 * Colours code, a stretch of lines at a time. highlight.js and the grammars are loaded on first use.
 *
 * Always holds: where stretches end depends on the code alone, never on how it arrived, so that streamed code ends
 * up exactly as code that was there at once.
 */
import type { HLJSApi } from 'highlight.js';
import { grammarOf, withNeeds } from './languages.ts';

/** A stretch ends at the first multiple of this many lines at which no construct is open... */
const STRETCH = 48;
/** ...or here at the latest: the cost of a step stays bounded. */
const LONGEST_STRETCH = 384;
/** Data pasted as code is not coloured. */
const LONGEST_CHARS = 40_000;

let engine: HLJSApi | null = null;
const ready = new Set<string>();
const loading = new Map<string, Promise<void>>();

async function load(grammar: string): Promise<void> {
  const [core, ...grammars] = await Promise.all([
    import('highlight.js/lib/core'),
    ...withNeeds(grammar).map(async ({ name, load }) => ({ name, fn: (await load()).default })),
  ]);
  engine ??= core.default;
  for (const { name, fn } of grammars) if (!engine.getLanguage(name)) engine.registerLanguage(name, fn);
  ready.add(grammar);
}

/** A promise while the grammar is being loaded; null when it is there, or there is none for this word. */
export function prepare(word: string): Promise<void> | null {
  const grammar = grammarOf(word);
  if (!grammar || ready.has(grammar)) return null;
  let promise = loading.get(grammar);
  if (!promise) {
    promise = load(grammar).catch(() => {
      loading.delete(grammar);
    });
    loading.set(grammar, promise);
  }
  return promise;
}

type TreeNode = string | { scope?: string; language?: string; children: TreeNode[] };

/** What `highlight` returns beyond its published type; both fields are read by other renderers too (lowlight). */
interface Inner {
  _emitter: { rootNode: { children: TreeNode[] } };
  _top: { parent?: unknown };
}

function appendTree(parent: Node, nodes: TreeNode[]): void {
  for (const node of nodes) {
    if (typeof node === 'string') {
      parent.appendChild(document.createTextNode(node));
      continue;
    }
    const scope = node.scope ?? (node.language ? `language:${node.language}` : '');
    const [first = '', ...rest] = scope.split('.');
    const span = document.createElement('span');
    if (!scope.startsWith('language:'))
      span.className = [`hljs-${first}`, ...rest.map((part, i) => part + '_'.repeat(i + 1))].join(' ');
    appendTree(span, node.children);
    parent.appendChild(span);
  }
}

export interface Coloured {
  nodes: DocumentFragment;
  /** Nothing is open at the end: what follows can be coloured by itself. */
  complete: boolean;
}

/** Colours a stretch of code; plain text when the language is unknown or not loaded. Never parses HTML. */
export function colour(code: string, word: string): Coloured {
  const nodes = document.createDocumentFragment();
  const grammar = grammarOf(word);
  if (!engine || !grammar || !ready.has(grammar) || code.length > LONGEST_CHARS) {
    nodes.append(code);
    return { nodes, complete: true };
  }
  const result = engine.highlight(code, { language: grammar, ignoreIllegals: true });
  const inner = result as unknown as Inner;
  appendTree(nodes, inner._emitter.rootNode.children);
  nodes.normalize();
  return { nodes, complete: !inner._top.parent };
}

function afterLines(code: string, from: number, lines: number): number {
  let at = from;
  for (let n = 0; n < lines; n++) {
    const end = code.indexOf('\n', at);
    if (end < 0) return -1;
    at = end + 1;
  }
  return at;
}

/**
 * The next finished stretch of `code` from `from`, or null when its end has not come yet. `tried` is the number of
 * lines known not to end one, from an earlier call.
 */
export function nextStretch(
  code: string,
  word: string,
  from: number,
  tried: number,
): { end: number; coloured: Coloured } | { tried: number } {
  for (let lines = tried + STRETCH; ; lines += STRETCH) {
    const end = afterLines(code, from, lines);
    if (end < 0) return { tried: lines - STRETCH };
    const coloured = colour(code.slice(from, end), word);
    if (coloured.complete || lines >= LONGEST_STRETCH) return { end, coloured };
  }
}
