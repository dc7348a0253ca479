/** Owns one code block: its head, its copy button, and its text, which may still be growing. */
import { colour, nextStretch, prepare } from './highlight.ts';
import { nameOf } from './languages.ts';
import type { MarkdownLabels, Widget } from './model.ts';
import { morphChildren } from './morph.ts';

export type CodeWidget = Extract<Widget, { kind: 'code' }>;

export interface CodeHost {
  labels: MarkdownLabels;
  /** Called with something to wait for before the DOM is final. */
  waiting: (promise: Promise<void>) => void;
}

/** Unfinished lines are coloured at most this often, and never with more than a tenth of the time. */
const REPAINT_MS = 80;

function element(tag: string, className: string): HTMLElement {
  const el = document.createElement(tag);
  el.className = className;
  return el;
}

export class CodeView {
  private readonly title = element('span', 'md-code-name');
  private readonly pre = element('pre', 'md-pre');
  private readonly body = document.createElement('code');
  /** Coloured, and may change while its stretch grows. */
  private live: HTMLElement | null = null;
  /** Not coloured yet. */
  private rest: Text | null = null;
  private code = '';
  private lang: string | null = null;
  private open = true;
  /** Where the last finished stretch ends, and lines after it known not to end the next. */
  private done = 0;
  private tried = 0;
  private liveEnd = 0;
  private nextPaint = 0;

  constructor(
    el: HTMLElement,
    private readonly host: CodeHost,
  ) {
    const head = element('div', 'md-code-head');
    const button = element('button', 'md-copy');
    button.setAttribute('type', 'button');
    button.textContent = host.labels.copy;
    head.append(this.title, button);
    this.pre.tabIndex = 0;
    this.pre.setAttribute('role', 'group');
    this.pre.dir = 'ltr';
    this.pre.append(this.body);
    el.append(head, this.pre);
  }

  /** What the copy button copies. */
  text(): string {
    return this.code.replace(/\n$/, '');
  }

  update({ code, lang, open }: CodeWidget): void {
    if (this.lang === lang && this.code === code && this.open === open) return;
    if (lang !== this.lang || !code.startsWith(this.code.slice(0, this.liveEnd))) this.restart(lang);
    this.code = code;
    this.open = open;
    this.paint();
  }

  private restart(lang: string): void {
    this.lang = lang;
    const name = nameOf(lang) ?? this.host.labels.code;
    this.title.textContent = name;
    this.pre.setAttribute('aria-label', name);
    this.clear();
    const loading = prepare(lang);
    if (!loading) return;
    this.host.waiting(
      loading.then(() => {
        // What is no longer shown needs no colours.
        if (this.lang !== lang || !this.pre.isConnected) return;
        this.clear();
        this.paint();
      }),
    );
  }

  private clear(): void {
    this.body.replaceChildren();
    this.live = this.rest = null;
    this.done = this.tried = this.liveEnd = this.nextPaint = 0;
  }

  private paint(): void {
    this.finishStretches();
    const now = performance.now();
    if (!this.open) this.paintLive(this.code.length);
    else if (now >= this.nextPaint) {
      const lines = this.code.lastIndexOf('\n') + 1;
      if (lines > this.liveEnd) {
        this.paintLive(lines);
        this.nextPaint = performance.now() + Math.max(REPAINT_MS, 10 * (performance.now() - now));
      }
    }
    this.paintRest();
  }

  private finishStretches(): void {
    for (;;) {
      const next = nextStretch(this.code, this.lang ?? '', this.done, this.tried);
      if ('tried' in next) {
        this.tried = next.tried;
        return;
      }
      this.liveSpan(next.coloured.nodes);
      this.live = null;
      this.done = next.end;
      this.liveEnd = Math.max(this.liveEnd, next.end);
      this.tried = 0;
    }
  }

  private paintLive(end: number): void {
    const code = this.code.slice(this.done, end);
    this.liveEnd = end;
    if (code === '') {
      this.live?.remove();
      this.live = null;
    } else this.liveSpan(colour(code, this.lang ?? '').nodes);
  }

  private liveSpan(nodes: DocumentFragment): void {
    if (!this.live) {
      this.live = document.createElement('span');
      this.body.insertBefore(this.live, this.rest);
    }
    morphChildren(this.live, nodes);
  }

  private paintRest(): void {
    const text = this.code.slice(this.liveEnd);
    if (text === '') {
      this.rest?.remove();
      this.rest = null;
    } else if (!this.rest) this.body.append((this.rest = document.createTextNode(text)));
    else if (text.startsWith(this.rest.data)) this.rest.appendData(text.slice(this.rest.data.length));
    else this.rest.data = text;
  }
}
