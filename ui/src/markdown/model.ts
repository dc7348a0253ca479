/**
 * The words of the renderer's own controls. They come from the message catalogue of the window; the English ones
 * below are for a host that has none.
 */
export interface MarkdownLabels {
  /** On the copy button of a code block. */
  copy: string;
  /** Shown and announced after copying. */
  copied: string;
  /** Before the description of a picture that is not loaded. */
  image: string;
  /** Name of a code block whose language is unknown. */
  code: string;
  /** On the button under a shortened table. */
  moreRows: (hidden: number) => string;
}

export const ENGLISH: MarkdownLabels = {
  copy: 'Copy',
  copied: 'Copied',
  image: 'Image',
  code: 'Code',
  moreRows: (hidden) => `Show ${hidden} more rows`,
};

/** What a block needs beyond plain HTML. The HTML holds an empty element per widget, `data-w` being its index. */
export type Widget =
  | { kind: 'code'; lang: string; code: string; open: boolean }
  | { kind: 'math'; tex: string; display: boolean; open: boolean }
  | { kind: 'more'; hidden: number };

/** One top-level block: HTML (not yet sanitised) and its widgets. */
export interface Block {
  html: string;
  widgets: Widget[];
  /** Rough height in lines of text, for blocks that the browser has not laid out yet. */
  lines: number;
}

function sameWidget(a: Widget, b: Widget): boolean {
  if (a.kind === 'code' && b.kind === 'code')
    return a.code === b.code && a.lang === b.lang && a.open === b.open;
  if (a.kind === 'math' && b.kind === 'math')
    return a.tex === b.tex && a.display === b.display && a.open === b.open;
  return a.kind === 'more' && b.kind === 'more' && a.hidden === b.hidden;
}

/** Whether two blocks give the same DOM. */
export function sameBlock(a: Block, b: Block): boolean {
  return (
    a === b ||
    (a.lines === b.lines &&
      a.html === b.html &&
      a.widgets.length === b.widgets.length &&
      a.widgets.every((w, i) => sameWidget(w, b.widgets[i]!)))
  );
}
