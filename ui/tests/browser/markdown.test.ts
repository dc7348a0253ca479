/** The Markdown component in Chromium, served under the strictest content security policy it has to live with. */
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bench } from '../../bench/frames/page.ts';
import { servePage } from '../../bench/frames/serve.mjs';

declare global {
  interface Window {
    bench: Bench;
    violations: string[];
    hacked?: boolean;
  }
}

const SAMPLE = `# Title

Some **bold** words, \`code\`, $\\frac{a}{b}$ and a [link](https://example.org).

| left | right |
|:-----|------:|
| 1 | 2 |

- [x] done
- [ ] not yet

$$
\\sqrt{\\sum_{i=1}^n x_i^2} = \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}
$$

\`\`\`rust
fn main() { println!("hello"); } // comment
\`\`\`

The end.
`;

const HOSTILE = `<script>window.hacked = true</script>
<img src="http://127.0.0.1:9/x.png" onerror="window.hacked = true">
![picture](http://127.0.0.1:9/x.png) [x](javascript:window.hacked=true)
$\\href{javascript:window.hacked=true}{x}$ $\\includegraphics{http://127.0.0.1:9/y.png}$
<style>body { display: none }</style> <iframe src="http://127.0.0.1:9/"></iframe>
`;

let site: Awaited<ReturnType<typeof servePage>>;
let browser: Browser;
let page: Page;
let elsewhere: string[];

beforeAll(async () => {
  site = await servePage();
  browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium' });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

beforeEach(async () => {
  const context = await browser.newContext({ viewport: { width: 900, height: 900 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site.url).origin });
  page = await context.newPage();
  elsewhere = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(site.url)) elsewhere.push(request.url());
  });
  await page.addInitScript(() => {
    window.violations = [];
    addEventListener('securitypolicyviolation', (event) => {
      window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  await page.goto(site.url);
  await page.waitForFunction(() => 'bench' in window);
});
afterEach(async () => {
  expect(await page.evaluate(() => window.violations)).toEqual([]);
  expect(elsewhere).toEqual([]);
  await page.context().close();
});

async function show(text: string, streaming = false): Promise<void> {
  await page.evaluate(([t, s]) => window.bench.show(t, s), [text, streaming] as const);
}

describe('under the policy', () => {
  it('a style attribute in markup would be refused, and noticed here', async () => {
    await page.evaluate(() => document.body.insertAdjacentHTML('beforeend', '<i style="color: red">x</i>'));
    await page.waitForFunction(() => window.violations.length > 0);
    await page.evaluate(() => window.violations.splice(0));
  });

  it('formulas keep their styles and fonts, code its colours, tables their sides', async () => {
    await show(SAMPLE);
    await page.waitForSelector('.katex-display svg');
    await page.waitForSelector('.hljs-keyword');
    await page.evaluate(() => document.fonts.ready);
    const seen = await page.evaluate(() => {
      const style = (selector: string) => getComputedStyle(document.querySelector(selector)!);
      return {
        strut: parseFloat(style('.katex-display .katex-strut').height),
        font: [...document.fonts].some((f) => f.family.includes('KaTeX_Main') && f.status === 'loaded'),
        keyword: style('.hljs-keyword').color !== style('.md-pre code').color,
        align: style('td.md-right').textAlign,
      };
    });
    expect(seen.strut).toBeGreaterThan(20);
    expect(seen).toMatchObject({ font: true, keyword: true, align: 'right' });
  });

  it('hostile text runs nothing, hides nothing and asks the network for nothing', async () => {
    await show(HOSTILE);
    await page.waitForSelector('.md-math-source, .katex');
    expect(await page.evaluate(() => window.hacked)).toBeUndefined();
    expect(await page.locator('.md').innerText()).toContain('<script>window.hacked = true</script>');
    expect(await page.locator('.md :is(script, img, iframe, style)').count()).toBe(0);
  });
});

it('nothing that was finished moves while the rest comes', async () => {
  const tops = new Map<number, number>();
  for (let at = 8; at < SAMPLE.length + 8; at += 8) {
    await (at === 8
      ? show(SAMPLE.slice(0, at), true)
      : page.evaluate((t) => window.bench.grow(t), SAMPLE.slice(0, at)));
    await page.evaluate(() => new Promise(requestAnimationFrame));
    await page.evaluate(() => new Promise(requestAnimationFrame));
    const now = await page.evaluate(() =>
      [...document.querySelectorAll('.md-block')].map((el) => el.getBoundingClientRect().top),
    );
    now.forEach((top, i) => {
      if (i >= now.length - 1) return;
      // Formulas and grammars that are still on their way may change a height once.
      const before = tops.get(i);
      if (before !== undefined && i < 4) expect(Math.abs(top - before)).toBeLessThan(1);
      tops.set(i, top);
    });
  }
});

it('a streamed reply ends as one that was there at once', async () => {
  const html = () => page.evaluate(() => document.querySelector('.md')!.innerHTML);
  const text = await page.evaluate(() => window.bench.reply());
  await show(text);
  await page.waitForFunction(() => !document.querySelector('.md-math-open'));
  await page.waitForSelector('.hljs-keyword');
  const whole = await html();
  await show('', true);
  for (let at = 0; at < text.length; at += 997) {
    await page.evaluate((t) => window.bench.grow(t), text.slice(0, at));
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await page.evaluate((t) => window.bench.grow(t, false), text);
  await page.waitForFunction(() => !document.querySelector('.md-math-open'));
  expect(await html()).toBe(whole);
});

it('code is copied from the keyboard, and that is announced', async () => {
  await show(SAMPLE);
  await page.focus('.md-copy');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('.md output')?.textContent === 'Copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    'fn main() { println!("hello"); } // comment',
  );
});

it('wide things scroll by themselves at 640 px, also at double size', async () => {
  await page.setViewportSize({ width: 640, height: 800 });
  const wide = 'column '.repeat(40);
  await show(
    `| ${'a | '.repeat(30)}\n|${'---|'.repeat(30)}\n| ${'some_long_word | '.repeat(30)}\n\n\`\`\`js\n${wide.repeat(4)}\n\`\`\`\n\n$$\n${'a + '.repeat(150)} b\n$$\n\n${'x'.repeat(3_000)} \`${'y'.repeat(500)}\``,
  );
  await page.waitForSelector('.katex-display');
  for (const scale of ['1', '2']) {
    await page.evaluate((s) => document.documentElement.style.setProperty('--text-scale', s), scale);
    const [content, room] = await page.evaluate(() => {
      const list = document.getElementById('list')!;
      return [list.scrollWidth, list.clientWidth] as const;
    });
    expect(content).toBeLessThanOrEqual(room);
  }
});
