/** Showing the screen or a camera while one talks, with the scripted host. */
import { describe, expect, test } from 'vitest';
import { calls, overflows, panel, set, still } from './spoken';
import { button, real, violations } from './world';

const SCREEN = { kind: 'screen', screen: 2 } as const;
const shown = { what: SCREEN, name: 'eDP-1', on: true, pictures: 1 };

describe.skipIf(real)('showing something', () => {
  test('is chosen from what there is', async () => {
    const page = await still();
    await button(page, 'Show the screen or camera').click();
    const sheet = page.getByRole('dialog', { name: 'Show Hark something' });
    await sheet.getByRole('group', { name: 'Windows' }).getByText('tides.py').waitFor();
    await sheet.getByText('A window without a title').waitFor();
    await sheet.getByRole('button', { name: 'Integrated Camera' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await sheet.getByRole('button', { name: 'Screen eDP-1' }).click();
    await expect.poll(() => calls(page, 'share')).toEqual([{ what: SCREEN }]);
  });

  test('is seen as long as it lasts, and ends by one button', async () => {
    const page = await still();
    await set(page, { sharing: shown });
    const figure = page.locator('[data-sharing=screen]');
    await figure.getByText('Hark sees the screen eDP-1').waitFor();
    await figure.getByRole('img', { name: 'What Hark sees' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await figure.getByRole('button', { name: 'Stop showing' }).click();
    await figure.waitFor({ state: 'detached' });
    expect(await calls(page, 'stop_sharing')).toHaveLength(1);
  });

  test('is told where the panel is hidden', async () => {
    const page = await still();
    await set(page, {
      sharing: { ...shown, what: { kind: 'camera', camera: '0' }, name: 'Integrated Camera' },
    });
    await button(page, 'Hide the voice').click();
    await page.getByText('Hark sees through Integrated Camera').waitFor({ state: 'attached' });
  });

  test('fits a narrow window', async () => {
    const page = await still({ viewport: { width: 380, height: 700 } });
    await set(page, { sharing: shown });
    await panel(page).locator('[data-sharing]').waitFor();
    expect(await overflows(page)).toEqual([]);
  });

  test('that the model cannot see is said', async () => {
    const page = await still();
    await button(page, 'Show the screen or camera').click();
    await page.getByRole('button', { name: 'Screen HDMI-1' }).click();
    await page.getByText('cannot see').first().waitFor();
  });
});
