/** The page under measurement: earlier messages, and one that streams. Driven from outside through `window.bench`. */
import '../../src/styles/tokens.css';
import '../../src/styles/base.css';
import './page.css';
import { flushSync, mount } from 'svelte';
import { MarkdownView } from '../../src/markdown/view.ts';
import Markdown from '../../src/markdown/Markdown.svelte';
import Streaming from './Streaming.svelte';
import { earlier, reply, tokens } from './reply.ts';

export interface Recording {
  /** Time from each animation frame to the next, ms. */
  frames: number[];
  /** Lengths of tasks over 50 ms. */
  longTasks: number[];
  /** From the first token to the last being shown, ms. */
  elapsed: number;
}

type Way = 'component' | 'naive';

const list = document.getElementById('list')!;

function message(): HTMLElement {
  const el = document.createElement('article');
  el.className = 'message';
  list.append(el);
  return el;
}

/** Everything again for every delta: what a straightforward renderer does, made of the same parts. */
function naive(target: HTMLElement): (text: string) => void {
  let view: MarkdownView | undefined;
  return (text) => {
    view?.destroy();
    view = new MarkdownView(target);
    view.update(text, 'finished');
  };
}

function component(target: HTMLElement): (text: string, streaming: boolean) => void {
  const props = mount(Streaming, { target }) as { set: (text: string, streaming: boolean) => void };
  return (text, streaming) => props.set(text, streaming);
}

/** Streams the first `count` tokens of the reply at `rate` tokens a second. */
async function stream(way: Way, rate: number, count: number): Promise<Recording> {
  const parts = tokens(reply()).slice(0, count);
  const target = message();
  const show = way === 'naive' ? naive(target) : component(target);
  const longTasks: number[] = [];
  const observer = new PerformanceObserver((entries) => {
    for (const entry of entries.getEntries()) longTasks.push(entry.duration);
  });
  observer.observe({ type: 'longtask' });

  const frames: number[] = [];
  const start = performance.now();
  let shown = 0;
  let text = '';
  const timer = setInterval(() => {
    const due = Math.min(parts.length, Math.floor(((performance.now() - start) * rate) / 1000));
    if (due === shown) return;
    for (; shown < due; shown++) text += parts[shown]!;
    show(text, shown < parts.length);
  }, 1000 / rate);

  await new Promise<void>((resolve) => {
    let before = 0;
    const tick = (now: number): void => {
      if (before) frames.push(now - before);
      before = now;
      list.scrollTop = list.scrollHeight;
      if (shown >= parts.length) resolve();
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  clearInterval(timer);
  const elapsed = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 200));
  observer.disconnect();
  target.remove();
  return { frames, longTasks, elapsed };
}

/** Frame times while nothing happens: what the machine itself loses. */
async function idle(count: number): Promise<number[]> {
  const frames: number[] = [];
  await new Promise<void>((resolve) => {
    let before = 0;
    const tick = (now: number): void => {
      if (before) frames.push(now - before);
      before = now;
      if (frames.length < count) requestAnimationFrame(tick);
      else resolve();
    };
    requestAnimationFrame(tick);
  });
  return frames;
}

/** Puts `count` messages in the list; resolves when they are final. */
async function fill(count: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++)
    flushSync(() => mount(Markdown, { target: message(), props: { text: earlier(i) } }));
  const elapsed = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return elapsed;
}

/** For tests and pictures: shows a text, at once or as growing. */
function show(text: string, streaming = false): void {
  list.replaceChildren();
  shown = component(message());
  shown(text, streaming);
}

let shown: ReturnType<typeof component> | undefined;

/** The same message with more of its text. */
function grow(text: string, streaming = true): void {
  shown?.(text, streaming);
}

const bench = { stream, idle, fill, show, grow, reply };
export type Bench = typeof bench;
Object.assign(window, { bench, MarkdownView });
