/** Sound outside of a conversation, with the scripted host: its settings, its check, and what is told of it as private. */
import { describe, expect, test } from 'vitest';
import { calls, overflows, phase, set, still } from './spoken';
import { button, open, real, violations } from './world';

describe.skipIf(real)('the voice settings', () => {
  test('a check shows the level and closes the microphone when the page is left', async () => {
    const page = await open({ scene: 'usual' });
    await page.keyboard.press('Control+,');
    const dialog = page.getByRole('dialog', { name: 'Settings' });
    await button(dialog, 'Voice').click();
    await button(dialog, 'Try the microphone').click();
    const meter = dialog.getByRole('meter', { name: 'Microphone level' });
    await expect
      .poll(() => meter.evaluate((one) => Number((one as HTMLElement).style.getPropertyValue('--level'))))
      .toBeGreaterThan(0.15);
    await button(dialog, 'General').click();
    await expect.poll(() => calls(page, 'stop_voice')).toHaveLength(1);
    await button(page, 'Close the microphone').waitFor({ state: 'detached' });
  });

  test('pace and volume are sliders that tell their value', async () => {
    const page = await open();
    await page.keyboard.press('Control+,');
    await button(page.getByRole('dialog'), 'Voice').click();
    const pace = page.getByRole('slider', { name: 'Pace' });
    expect(await pace.getAttribute('aria-valuetext')).toBe('1×');
    await pace.press('ArrowRight');
    await expect.poll(() => calls(page, 'change_setting')).toEqual([{ path: 'voice.rate', value: 1.05 }]);
    await expect.poll(() => pace.getAttribute('aria-valuetext')).toBe('1.05×');
  });

  test('the first start offers the models and a check, and both can be skipped', async () => {
    const page = await open({ scene: 'first_run' });
    for (let n = 0; n < 2; n++) await button(page, 'Continue').click();
    await page.getByRole('heading', { name: 'Talking' }).waitFor();
    await button(page, /^Download, /).click();
    await page.getByRole('progressbar', { name: 'Models for talking' }).waitFor();
    await button(page, 'Try the microphone').click();
    await page.getByText('Say something').waitFor();
    await button(page, 'Continue').click();
    await expect.poll(() => calls(page, 'stop_voice')).toHaveLength(1);
  });
});

describe.skipIf(real)('privacy', () => {
  test('tells what listens now and what did, and in a narrow window too', async () => {
    const page = await still({ viewport: { width: 400, height: 700 } });
    await page.keyboard.press('m');
    await phase(page, 'muted');
    await page.keyboard.press('Control+,');
    const dialog = page.getByRole('dialog', { name: 'Settings' });
    await button(dialog, 'Privacy').click();
    const microphone = dialog.locator('[data-sensor=microphone]');
    await microphone.getByText(/Last on/).waitFor();
    await microphone.locator('summary').click();
    await microphone.getByText('Built-in Microphone').waitFor();
    await set(page, { muted: false, phase: 'listening', microphone: { kind: 'open', device: 'Yeti' } });
    await microphone.getByText(/On since/).waitFor();
    await dialog.locator('[data-sensor=camera]').getByText('Not on since Hark was started').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await overflows(page)).toEqual([]);
    // All of the page can be scrolled to, and the chip lies on none of it.
    const body = await dialog.locator('.body').boundingBox();
    const chip = await button(dialog, /Listening/).boundingBox();
    expect(chip && body && chip.y).toBeGreaterThanOrEqual(body ? body.y + body.height : 0);
  });
});
