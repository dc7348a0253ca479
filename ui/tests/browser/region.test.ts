/** Choosing a part of the screen. The scripted host alone: its still has twice as many pixels as the page of CSS. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { HostCall } from '../../src/generated/api';
import { open, real, violations } from './world';

const asked = (page: Page) =>
  page.evaluate(
    () => (window as unknown as { harkFake: { desktop: { asked: HostCall[] } } }).harkFake.desktop.asked,
  );

async function answers(page: Page) {
  return (await asked(page)).flatMap((call) => (call.kind === 'region_chosen' ? [call.part] : []));
}

async function region(options: object = {}): Promise<Page> {
  const viewport = { width: 640, height: 400 };
  const page = await open({ scene: 'usual&desktop', path: 'region.html', viewport, ...options });
  await expect.poll(async () => (await asked(page)).some((call) => call.kind === 'region_ready')).toBe(true);
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['HARK_SHOTS'];
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

describe.skipIf(real)('a part of the screen', () => {
  test('is drawn with the mouse, in pixels of the screen, and taken when it is let go', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await region({ colorScheme });
      await picture(page, `region-${colorScheme}-begin`);
      await page.mouse.move(400, 300);
      await page.mouse.down();
      await page.mouse.move(250, 250);
      await page.mouse.move(100, 100);
      await page.getByText('600 × 400').waitFor();
      await picture(page, `region-${colorScheme}`);
      expect(await answers(page)).toEqual([]);
      await page.mouse.up();
      expect(await answers(page)).toEqual([{ x: 200, y: 200, width: 600, height: 400 }]);
    }
  });

  test('a click takes nothing, and the next try counts', async () => {
    const page = await region();
    await page.mouse.click(200, 200);
    expect(await answers(page)).toEqual([]);
    await page.mouse.move(0, 0);
    await page.mouse.down();
    await page.mouse.move(320, 200);
    await page.mouse.up();
    expect(await answers(page)).toEqual([{ x: 0, y: 0, width: 640, height: 400 }]);
  });

  test('is moved, resized and taken with keys, and each step is said', async () => {
    const page = await region();
    const status = page.getByRole('status');
    await expect.poll(() => status.innerText()).toContain('Esc gives up');
    await page.keyboard.press('ArrowLeft');
    await expect
      .poll(() => status.innerText())
      .toBe('640 by 400 pixels, 320 from the left, 200 from the top');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Control+ArrowUp');
    await expect
      .poll(() => status.innerText())
      .toBe('640 by 432 pixels, 288 from the left, 199 from the top');
    await picture(page, 'region-keys');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Enter');
    expect(await answers(page)).toEqual([{ x: 288, y: 199, width: 640, height: 432 }]);
  });

  test('is given up with Esc', async () => {
    const page = await region();
    await page.keyboard.press('Escape');
    expect(await answers(page)).toEqual([null]);
  });

  test('says what to do in the language that is set', async () => {
    const page = await region({ locale: 'es-ES' });
    await page.getByText('Arrastra sobre lo que quieras mostrar', { exact: true }).waitFor();
    await picture(page, 'region-es');
  });
});
