/** Owns one formula. KaTeX is loaded on first use and builds elements itself: it sets styles through CSSOM. */
import type { Widget } from './model.ts';
import { cleanFormula } from './sanitize.ts';

export type MathWidget = Extract<Widget, { kind: 'math' }>;

type Katex = typeof import('katex').default;
let katex: Katex | null = null;
let loading: Promise<void> | null = null;

/** Nobody writes a longer formula; such a text is shown as it is. */
const LONGEST = 5_000;

function prepare(): Promise<void> | null {
  if (katex) return null;
  loading ??= Promise.all([import('katex'), import('./katex.css')]).then(
    ([module]) => {
      katex = module.default;
    },
    () => {
      loading = null;
    },
  );
  return loading;
}

export class MathView {
  private shown: MathWidget | null = null;

  constructor(
    private readonly el: HTMLElement,
    private readonly waiting: (promise: Promise<void>) => void,
  ) {}

  update(widget: MathWidget): void {
    const { shown } = this;
    if (shown?.tex === widget.tex && shown.display === widget.display && shown.open === widget.open) return;
    this.shown = widget;
    const wait = prepare();
    if (widget.open) return this.source(widget.tex, 'md-math-open');
    if (!wait) return this.render(widget);
    this.source(widget.tex, 'md-math-open');
    this.waiting(wait.then(() => this.shown === widget && this.render(widget)).then(() => undefined));
  }

  private source(tex: string, className: string): void {
    const code = document.createElement('code');
    code.className = className;
    code.textContent = tex;
    this.el.replaceChildren(code);
  }

  private render({ tex, display }: MathWidget): void {
    if (!katex || tex.length > LONGEST) return this.source(tex, 'md-math-source');
    const box = document.createElement('span');
    try {
      katex.render(tex, box, {
        displayMode: display,
        output: 'htmlAndMathml',
        throwOnError: true,
        // For commands that are refused: their words, not an alarm.
        errorColor: 'currentcolor',
        trust: false,
        strict: false,
        maxExpand: 500,
        maxSize: 30,
      });
    } catch {
      return this.source(tex, 'md-math-source');
    }
    cleanFormula(box);
    this.el.replaceChildren(...box.childNodes);
  }
}
