/** One Chromium for a test file; a fresh, empty profile for every test. */
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject } from 'vitest';

export const real = inject('real');

let browser: Browser;
const opened: Page[] = [];
let complaints: string[] = [];

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env['HARK_CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
    ],
  });
});
afterAll(() => browser.close());

/** Tokens of a real model's reply: enough to see it stream, few enough not to wait for. */
const SHORT = 40;

/** Limits the replies of a real model; null: as long as it likes. The scripted one needs no limit. */
export async function limit(tokens: number | null): Promise<void> {
  if (!real) return;
  const { origin, hash } = new URL(inject('url'));
  const token = new URLSearchParams(hash.slice(1)).get('token') ?? '';
  const response = await fetch(`${origin}/api/command/change_setting`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ path: 'model.max_tokens', value: tokens }),
  });
  expect(response.status).toBe(200);
}

beforeEach(() => limit(SHORT));
afterAll(() => limit(null));

// Whatever a test is about: the page must not have failed or broken its content security policy meanwhile.
afterEach(async () => {
  for (const page of opened.splice(0)) await page.context().close();
  const all = complaints;
  complaints = [];
  expect(all).toEqual([]);
});

interface Opening extends BrowserContextOptions {
  scene?: string;
  hash?: string;
  /** Another page than the window. */
  path?: string;
}

/** The window, ready to be used. */
export async function open({
  scene = 'usual',
  hash = '',
  path = '',
  ...options
}: Opening = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 800 },
    locale: 'en-US',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(real ? 20_000 : 8_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (said) => said.type() === 'error' && complaints.push(said.text()));
  opened.push(page);
  const url = inject('url').replace('/?', `/${path}?`);
  await page.goto(real ? url : `${url}&scene=${scene}${hash}`);
  await page.locator('main:not(.alone)').waitFor();
  if (real)
    await page
      .getByRole('button', { name: 'Skip' })
      .click({ timeout: 500 })
      .catch(() => undefined);
  return page;
}

export const composer = (page: Page): Locator => page.getByRole('textbox', { name: 'Message', exact: true });
export const answers = (page: Page): Locator => page.getByRole('article', { name: 'Hark' });
export const questions = (page: Page): Locator => page.getByRole('article', { name: 'You' });
export const button = (page: Page | Locator, name: string | RegExp): Locator =>
  page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
export const rows = (page: Page): Locator => page.locator('[data-row]');
export const row = (page: Page, title: string): Locator =>
  page.locator('[data-row]').filter({ hasText: title }).first();

/** Types a message and sends it. */
export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
  await questions(page).filter({ hasText: text }).last().waitFor();
}

/** Waits for the last reply to end and gives its text. */
export async function answered(page: Page): Promise<string> {
  await button(page, 'Stop').waitFor({ state: 'detached' });
  await answers(page).last().and(page.locator('[aria-busy=false]')).waitFor();
  return answers(page).last().innerText();
}

/** Something no other test has written. */
export function unique(word: string): string {
  return `${word}${Math.random().toString(36).slice(2, 8)}`;
}

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Violation {
  id: string;
  impact: string | null;
  nodes: { html: string; failureSummary?: string }[];
}

/** What axe-core finds wrong in what is shown now; what is minor or needs a person is left out. */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) {
    // Through the debugger, since the content security policy allows no script from elsewhere.
    const { readFileSync } = await import('node:fs');
    await page.evaluate(readFileSync(axeFile, 'utf8'));
  }
  // A colour on its way to another is judged when it has arrived.
  await page.evaluate(async () => {
    const running = document
      .getAnimations()
      .filter((one) => one.effect?.getComputedTiming().iterations === 1);
    await Promise.allSettled(running.map((one) => one.finished));
  });
  const found = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations)',
  )) as Violation[];
  return found
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .map(
      (one) =>
        `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160) + (node.failureSummary ?? '')).join(' | ')}`,
    );
}
