/** The spoken conversation of the scripted host: what happens in it is told by the test. */
import type { Page } from 'playwright-core';
import type { VoiceView } from '../../src/generated/api';
import { open } from './world';

interface Fake {
  calls: [string, Record<string, unknown>][];
  voice: { set(more: Partial<VoiceView>): void; levels(user: number, assistant: number): void };
  world: { data: { settings: { values: Record<string, Record<string, unknown>> } }; settingsChanged(): void };
}
declare global {
  interface Window {
    harkFake: Fake;
  }
}

export const set = (page: Page, more: Partial<VoiceView>) =>
  page.evaluate((view) => window.harkFake.voice.set(view), more);
export const calls = (page: Page, name: string) =>
  page.evaluate(
    (wanted) => window.harkFake.calls.filter(([one]) => one === wanted).map(([, args]) => args),
    name,
  );
export const panel = (page: Page) => page.locator('section.voice');
export const phase = (page: Page, name: string) => page.locator(`[data-phase=${name}]`).waitFor();
export const overflows = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('main *, section *, dialog *')]
      .filter((one) => one.clientWidth > 0 && one.getBoundingClientRect().right > innerWidth + 1)
      .map((one) => one.className)
      .filter((name) => typeof name === 'string' && name !== ''),
  );

/** A conversation in which nothing happens by itself. */
export async function still(options: Parameters<typeof open>[0] = {}): Promise<Page> {
  const page = await open({ scene: 'voice_still', hash: '#c=c1', ...options });
  await page.keyboard.press('Control+Shift+M');
  await phase(page, 'listening');
  return page;
}
