// @vitest-environment jsdom
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JOINTS, PIECES } from './samples.ts';
import { MarkdownView, type ViewOptions } from './view.ts';

/** Animation frames by hand: a test's clock does not run. */
let frames: FrameRequestCallback[] = [];
let now = 0;

function frame(): void {
  now += 1_000;
  const due = frames;
  frames = [];
  for (const callback of due) callback(now);
}

beforeEach(() => {
  frames = [];
  now = performance.now();
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => frames.push(callback));
  vi.stubGlobal('cancelAnimationFrame', () => (frames = []));
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

function mount(options: ViewOptions = {}): { root: HTMLElement; view: MarkdownView } {
  const root = document.createElement('div');
  document.body.append(root);
  return { root, view: new MarkdownView(root, options) };
}

async function once(text: string): Promise<string> {
  const { root, view } = mount();
  view.update(text, 'finished');
  await view.settled();
  return root.innerHTML;
}

async function streamed(text: string, lengths: number[]): Promise<string> {
  const { root, view } = mount();
  for (let at = 0, i = 0; at < text.length; i++) {
    at += lengths[i % lengths.length]!;
    view.update(text.slice(0, at), 'streaming');
    frame();
  }
  view.update(text, 'finished');
  await view.settled();
  return root.innerHTML;
}

const LONG_CODE = `\`\`\`js\n${Array.from({ length: 130 }, (_, i) => (i % 60 === 40 ? '/* open\n\n' : i % 60 === 55 ? '*/' : `const x${i} = "s" + ${i};`)).join('\n')}\n\`\`\``;
const CSS_CODE = `\`\`\`css\n@media print {\n${'a { color: red; }\n'.repeat(450)}}\n\`\`\``;

describe('what is left after streaming', () => {
  it('is what one rendering gives', async () => {
    const documents = fc
      .array(fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(...JOINTS)), { minLength: 1, maxLength: 7 })
      .map((parts) => parts.flat().join(''));
    await fc.assert(
      fc.asyncProperty(
        documents,
        fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 30 }),
        async (text, lengths) => {
          expect(await streamed(text, lengths)).toBe(await once(text));
          document.body.replaceChildren();
        },
      ),
      { numRuns: 60 },
    );
  }, 30_000);

  it.each([
    ['long code', LONG_CODE],
    ['code in which one construct spans hundreds of lines', CSS_CODE],
    ['code in a list', `- a\n\n${LONG_CODE.replace(/^/gm, '  ')}\n- b`],
  ])('is the same for %s', async (_, text) => {
    const whole = await once(text);
    expect(whole).toContain('hljs-');
    expect(await streamed(text, [7, 200, 31])).toBe(whole);
    expect(await streamed(text, [1_500])).toBe(whole);
  });
});

describe('streaming', () => {
  it('changes the page once a frame, however often text comes', () => {
    const { root, view } = mount();
    for (let i = 1; i <= 50; i++) view.update('word '.repeat(i), 'streaming');
    expect(root.textContent).toBe('');
    expect(frames).toHaveLength(1);
    frame();
    expect(root.textContent!.trim()).toBe('word '.repeat(50).trim());
  });

  it('shows the end at once', () => {
    const { root, view } = mount();
    view.update('a', 'streaming');
    view.update('a b', 'finished');
    expect(root.textContent!.trim()).toBe('a b');
    expect(frames).toHaveLength(0);
  });

  it('leaves finished blocks and the selection in them alone', async () => {
    const { root, view } = mount();
    const start = 'First *block*.\n\n- a list\n\n```js\nlet x = 1;\n```\n\n$$\nx\n$$\n\nfour\n\n';
    view.update(start + 'five\n', 'streaming');
    frame();
    await view.settled();
    const settled = [...root.children].slice(0, 5);
    const records: MutationRecord[] = [];
    const observer = new MutationObserver((list) => records.push(...list));
    for (const el of settled)
      observer.observe(el, { subtree: true, childList: true, characterData: true, attributes: true });
    getSelection()!.selectAllChildren(settled[0]!);

    const end = ' and *more*\n\n| a |\n|---|\n| 1 |\n\n```py\nx = 1\n```\n';
    for (let i = 1; i <= end.length; i++) {
      view.update(start + 'five\n' + end.slice(0, i), 'streaming');
      frame();
    }
    view.update(start + 'five\n' + end, 'finished');
    records.push(...observer.takeRecords());
    expect(records.filter((r) => !settled[4]!.contains(r.target))).toEqual([]);
    expect(String(getSelection()).trim()).toBe('First block.');
    expect([...root.children].slice(0, 5)).toEqual(settled);
  });

  it('keeps the selection in a paragraph that grows', () => {
    const { root, view } = mount();
    view.update('some **bold** words', 'streaming');
    frame();
    const text = root.querySelector('strong')!.firstChild!;
    getSelection()!.setBaseAndExtent(text, 0, text, 4);
    view.update('some **bold** words and more of *them', 'streaming');
    frame();
    expect(String(getSelection())).toBe('bold');
  });

  it('shows half a formula as its source, never as an error', async () => {
    const { root, view } = mount();
    view.update('$$\n\\frac{1}{', 'streaming');
    frame();
    expect(root.textContent!.trim()).toBe('\\frac{1}{');
    view.update('$$\n\\frac{1}{2}\n$$', 'finished');
    await view.settled();
    expect(root.querySelector('.katex')).not.toBeNull();
  });
});

describe('code', () => {
  it('has the name of its language, and a button that copies it', async () => {
    const oncopy = vi.fn();
    const { root, view } = mount({ oncopy, labels: { copy: 'Kopieren', copied: 'Kopiert' } });
    view.update('```py\nx = "<b>"\n```', 'finished');
    await view.settled();
    expect(root.querySelector('.md-code-name')!.textContent).toBe('Python');
    const button = root.querySelector<HTMLButtonElement>('.md-copy')!;
    expect(button.textContent).toBe('Kopieren');
    button.click();
    await vi.waitFor(() => expect(root.querySelector('output')!.textContent).toBe('Kopiert'));
    expect(oncopy).toHaveBeenCalledWith('x = "<b>"');
    expect(root.querySelector('code .hljs-string')!.textContent).toBe('"<b>"');
  });

  it.each([
    ['', 'Code'],
    ['text', 'Code'],
    ['ts', 'TypeScript'],
    ['toml', 'TOML'],
    ['brainfuck', 'brainfuck'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
  ])('%j is called %s', (word, name) => {
    const { root, view } = mount();
    view.update(`\`\`\`${word}\nx\n\`\`\``, 'finished');
    expect(root.querySelector('.md-code-name')!.textContent).toBe(name);
    expect(root.querySelector('code')!.textContent).toBe('x\n');
  });
});

describe('links', () => {
  it('go to the callback, and nowhere else', () => {
    const onlink = vi.fn();
    const { root, view } = mount({ onlink });
    view.update('[a *b*](https://x.org) [c](javascript:alert(1))', 'finished');
    const event = new MouseEvent('click', { bubbles: true, cancelable: true });
    root.querySelector('em')!.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(onlink.mock.calls).toEqual([['https://x.org']]);
    expect(root.querySelectorAll('a')).toHaveLength(1);
  });
});

describe('what comes from the model', () => {
  it.each([
    '<img src=x onerror=alert(1)>',
    '$\\href{javascript:alert(1)}{x}$',
    '$\\includegraphics{http://x.org/p.png}$',
    '$\\htmlStyle{color:red}{x}$',
    '$\\unicode{<img src=x onerror=alert(1)>}$',
    '$\\text{<script>alert(1)</script>}$',
    '```html\n<script>alert(1)</script>\n```',
    '![x](http://x.org/p.png)',
  ])('%j brings no script, picture or other target', async (text) => {
    const { root, view } = mount();
    view.update(text, 'finished');
    await view.settled();
    expect(root.querySelector('script, img, iframe, object, style, image, [src]')).toBeNull();
    for (const el of root.querySelectorAll('*'))
      for (const { name, value } of el.attributes) {
        expect(name).not.toMatch(/^on/);
        if (name === 'href') expect(value).toMatch(/^https?:\/\//);
      }
  });

  it('a formula that grows without end is shown as its source', async () => {
    const { root, view } = mount();
    view.update('$\\def\\a{\\a\\a}\\a$ and $\\frac{$', 'finished');
    await view.settled();
    expect(root.querySelectorAll('.md-math-source')).toHaveLength(2);
  });

  it('passes the sanitiser with nothing lost: formulas keep their hidden MathML', async () => {
    const { root, view } = mount();
    view.update('$\\sqrt{\\frac{a}{b}}$', 'finished');
    await view.settled();
    expect(root.querySelector('annotation')!.textContent).toBe('\\sqrt{\\frac{a}{b}}');
    expect(root.querySelector('math msqrt mfrac')).not.toBeNull();
    expect(root.querySelector('svg path')).not.toBeNull();
    expect(root.querySelector<HTMLElement>('.katex-html .katex-strut')!.style.height).not.toBe('');
  });
});

it('shows the rest of a long table on request', () => {
  const { root, view } = mount();
  view.update('|a|\n|-|\n' + '|1|\n'.repeat(1_000), 'finished');
  expect(root.querySelectorAll('tbody tr').length).toBeLessThan(1_000);
  root.querySelector<HTMLButtonElement>('.md-more-button')!.click();
  expect(root.querySelectorAll('tbody tr')).toHaveLength(1_000);
  expect(root.querySelector('.md-more-button')).toBeNull();
});
