/**
 * Owns the DOM of one message. Text goes in as often as it likes; the DOM changes at most once per animation frame
 * while streaming, and at once otherwise.
 *
 * Always holds: the element of a finished block is never touched again while the text only grows.
 */
import { BlockStream, type Phase } from './block-stream.ts';
import { CodeView } from './code-view.ts';
import { MathView } from './math-view.ts';
import { ENGLISH, type Block, type MarkdownLabels, type Widget } from './model.ts';
import { morphChildren } from './morph.ts';
import { SAFE_LINK } from './parser.ts';
import { toFragment } from './sanitize.ts';

export interface ViewOptions {
  labels?: Partial<MarkdownLabels>;
  /** A link was chosen; it is http, https or mailto. Without it links do nothing. */
  onlink?: (url: string) => void;
  /** Puts text on the clipboard; the web view's own clipboard without it. */
  oncopy?: (text: string) => void | Promise<void>;
}

/** After a costly frame the next waits this many times as long: parsing takes at most a fifth of the time. */
const REST = 4;
const LONGEST_REST_MS = 400;
const COPIED_MS = 2_000;
/** After this long a finished message has been laid out, and its height is known. */
const AT_REST_MS = 500;
const LINE_HEIGHT_PX = 24;

/** A block's element, and what it shows. */
interface Mounted {
  el: HTMLElement;
  block: Block;
}

export class MarkdownView {
  private readonly labels: MarkdownLabels;
  private readonly stream: BlockStream;
  private mounted: Mounted[] = [];
  private readonly codes = new WeakMap<Element, CodeView>();
  private readonly maths = new WeakMap<Element, MathView>();
  private pending = new Set<Promise<void>>();
  private text = '';
  private phase: Phase = 'finished';
  private frame = 0;
  private restUntil = 0;
  private live: HTMLElement | null = null;
  private resting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly options: ViewOptions = {},
  ) {
    this.labels = { ...ENGLISH, ...options.labels };
    this.stream = new BlockStream(this.labels.image);
    root.classList.add('md');
    root.addEventListener('click', this.onclick);
    root.addEventListener('auxclick', this.onclick);
  }

  /** Shows `text`. While streaming it is shown with the next frame that has time for it. */
  update(text: string, phase: Phase): void {
    if (text === this.text && phase === this.phase && this.mounted.length > 0) return;
    this.text = text;
    this.phase = phase;
    if (phase === 'finished') this.renderNow();
    else if (!this.frame) this.frame = requestAnimationFrame(this.onframe);
  }

  /** Resolves when grammars and KaTeX have come and everything shown is final. */
  async settled(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.resting);
    this.root.removeEventListener('click', this.onclick);
    this.root.removeEventListener('auxclick', this.onclick);
    this.root.classList.remove('md', 'md-known', 'md-at-rest');
    this.root.replaceChildren();
    this.mounted = [];
  }

  private readonly onframe = (now: number): void => {
    this.frame = 0;
    if (now < this.restUntil) this.frame = requestAnimationFrame(this.onframe);
    else this.renderNow();
  };

  private renderNow(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const start = performance.now();
    const { blocks, from } = this.stream.update(this.text, this.phase);
    for (let i = from; i < blocks.length; i++) this.show(i, blocks[i]!);
    for (const { el } of this.mounted.splice(blocks.length)) el.remove();
    this.rest();
    const end = performance.now();
    this.restUntil = end + Math.min(LONGEST_REST_MS, REST * (end - start));
  }

  /**
   * Lets the browser skip what is out of sight, but only what it has laid out once: it then remembers the height, and
   * scrolling does not jump. What streams is seen as it comes; a message shown at once is given time.
   */
  private rest(): void {
    clearTimeout(this.resting);
    if (this.phase === 'streaming') {
      this.root.classList.add('md-known');
      this.root.classList.remove('md-at-rest');
    } else this.resting = setTimeout(() => this.root.classList.add('md-known', 'md-at-rest'), AT_REST_MS);
  }

  private show(index: number, block: Block): void {
    const old = this.mounted[index];
    if (old?.block === block) return;
    if (old) {
      if (old.block.html !== block.html) morphChildren(old.el, toFragment(block.html));
      old.block = block;
    } else {
      const el = document.createElement('div');
      el.className = 'md-block';
      el.dir = 'auto';
      el.append(toFragment(block.html));
      this.mounted.push({ el, block });
      this.root.insertBefore(el, this.live);
    }
    const { el } = this.mounted[index]!;
    if (block.widgets.length > 0)
      for (const at of el.querySelectorAll('[data-w]')) this.bind(at as HTMLElement, block);
    el.style.setProperty('--md-lines', `${block.lines * LINE_HEIGHT_PX}px`);
  }

  private bind(el: HTMLElement, block: Block): void {
    const widget: Widget | undefined = block.widgets[Number(el.dataset['w'])];
    if (widget?.kind === 'code') {
      let view = this.codes.get(el);
      if (!view)
        this.codes.set(el, (view = new CodeView(el, { labels: this.labels, waiting: this.waiting })));
      view.update(widget);
    } else if (widget?.kind === 'math') {
      let view = this.maths.get(el);
      if (!view) this.maths.set(el, (view = new MathView(el, this.waiting)));
      view.update(widget);
    } else if (widget?.kind === 'more') {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'md-more-button';
      button.textContent = this.labels.moreRows(widget.hidden);
      el.replaceChildren(button);
    }
  }

  private readonly waiting = (promise: Promise<void>): void => {
    const tracked = promise.finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
  };

  private readonly onclick = (event: MouseEvent): void => {
    if (!(event.target instanceof Element)) return;
    const link = event.target.closest('a');
    if (link) {
      event.preventDefault();
      const href = link.getAttribute('href') ?? '';
      if (event.button < 2 && SAFE_LINK.test(href)) this.options.onlink?.(href);
      return;
    }
    if (event.button !== 0) return;
    const copy = event.target.closest('.md-copy');
    if (copy) void this.copy(copy);
    if (event.target.closest('.md-more-button')) {
      this.stream.showAllRows();
      this.renderNow();
    }
  };

  private async copy(button: Element): Promise<void> {
    const block = button.closest('.md-code');
    const text = block && this.codes.get(block)?.text();
    if (text === undefined || text === null) return;
    await (this.options.oncopy ? this.options.oncopy(text) : navigator.clipboard.writeText(text));
    button.textContent = this.labels.copied;
    this.announce(this.labels.copied);
    setTimeout(() => {
      button.textContent = this.labels.copy;
      this.announce('');
    }, COPIED_MS);
  }

  /** Says it to screen readers, without moving the focus. */
  private announce(text: string): void {
    if (!this.live) {
      this.live = document.createElement('output');
      this.live.className = 'md-announce';
      this.root.append(this.live);
    }
    this.live.textContent = text;
  }
}
