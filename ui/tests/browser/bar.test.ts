/** The bar, and what the window shows of the program around it. The scripted host alone: a served page has neither. */
import type { Page } from 'playwright-core';
import { describe, expect, inject, test } from 'vitest';
import type { HostCall, HostOrder, PictureOf, Seen } from '../../src/generated/api';
import { button, composer, open, real, violations } from './world';

interface Around {
  harkFake: { desktop: { asked: HostCall[]; order(order: HostOrder): void; saw(of: PictureOf): Seen } };
}

const asked = (page: Page) => page.evaluate(() => (window as unknown as Around).harkFake.desktop.asked);
const kinds = async (page: Page) => (await asked(page)).map((call) => call.kind);
const order = (page: Page, what: HostOrder) =>
  page.evaluate((what) => (window as unknown as Around).harkFake.desktop.order(what), what);

const field = (page: Page) => page.getByRole('textbox', { name: 'Ask Hark' });

const SCREEN = { width: 1280, height: 800 };

/** The bar in a window as large as the host would make it. */
async function bar(scene = 'usual', options: object = {}): Promise<Page> {
  const page = await open({ scene: `${scene}&desktop`, path: 'bar.html', screen: SCREEN, ...options });
  await field(page).waitFor();
  await order(page, { kind: 'bar_shown' });
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['HARK_SHOTS'];
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

describe.skipIf(real)('the bar', () => {
  test('asks, shows the answer below, and asks for the room it needs', async () => {
    const page = await bar();
    expect(await field(page).evaluate((one) => one === document.activeElement)).toBe(true);
    await field(page).fill('What is a lighthouse for?');
    await field(page).press('Enter');
    await page.locator('article[aria-busy=false]').waitFor();
    expect(await field(page).inputValue()).toBe('');
    const calls = await asked(page);
    expect(calls.some((call) => call.kind === 'bar_holds' && call.conversation !== null)).toBe(true);
    const heights = calls.flatMap((call) => (call.kind === 'fit_bar' ? [call.height] : []));
    expect(heights[0]).toBeLessThan(70);
    expect(heights.at(-1)).toBeGreaterThan(120);
    expect(await violations(page)).toEqual([]);
  });

  test('Esc forgets what is on it before it asks to be hidden, and the conversation is kept', async () => {
    const page = await bar();
    await field(page).fill('A question to be kept');
    await field(page).press('Enter');
    await page.locator('article').first().waitFor();
    await field(page).fill('half a thought');
    await page.keyboard.press('Escape');
    await expect.poll(() => kinds(page)).toContain('hide_bar');
    expect(await page.locator('article').count()).toBe(0);
    expect(await field(page).inputValue()).toBe('');
    await page.goto(`${inject('url')}&scene=usual&desktop`);
    await page.getByText('A question to be kept').first().waitFor();
  });

  test('what was typed and not asked is still there when it went by itself', async () => {
    const page = await bar();
    await field(page).fill('half a thought');
    await order(page, { kind: 'bar_leaves' });
    await expect.poll(() => kinds(page)).toContain('hide_bar');
    expect(await field(page).inputValue()).toBe('half a thought');
  });

  test('grows into the window with its conversation, by key and by button', async () => {
    const page = await bar();
    await field(page).fill('What is a lighthouse for?');
    await field(page).press('Enter');
    await page.locator('article[aria-busy=false]').waitFor();
    await page.keyboard.press('Control+o');
    const grown = (await asked(page)).find((call) => call.kind === 'open_window');
    expect(grown).toMatchObject({ at: { kind: 'conversation' } });
    await button(page, 'Open in the window').click();
    expect((await kinds(page)).filter((kind) => kind === 'open_window')).toHaveLength(2);
  });

  test('a failure keeps the question and leads to what helps', async () => {
    const page = await bar('no_model');
    await field(page).fill('Is anybody there?');
    await field(page).press('Enter');
    await button(page, 'Choose a model').click();
    const opened = (await asked(page)).filter((call) => call.kind === 'open_window');
    expect(opened).toMatchObject([{ at: { kind: 'models' } }]);
    expect(await field(page).inputValue()).toBe('Is anybody there?');
  });

  test('takes the selected text along, shown first, and asks about it with one key', async () => {
    const page = await bar('usual', { viewport: { width: 680, height: 330 } });
    await page.keyboard.press('Control+1');
    const shown = page.getByRole('region', { name: 'Goes with the question' });
    await shown.getByText('3 lines from steps.rs — Editor').waitFor();
    await shown.getByText('fn steps(n: u32)').waitFor();
    await picture(page, 'bar-selection');
    expect(await violations(page)).toEqual([]);
    await button(page, 'Leave it out').click();
    expect(await shown.count()).toBe(0);
    await page.keyboard.press('Control+1');
    await shown.waitFor();
    await page.keyboard.press('Alt+1');
    await page.locator('article[aria-busy=false]').waitFor();
    expect(await shown.count()).toBe(0);
    const sent = await page.evaluate(() => {
      const { calls } = (window as unknown as { harkFake: { calls: [string, { text: string }][] } }).harkFake;
      return calls.filter(([name]) => name === 'send').map(([, args]) => args.text);
    });
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatch(/^Explain this\.\n\nFrom “steps\.rs — Editor”:\n\n```\nfn steps/);
  });

  test('says so where there is nothing to take along, and the question can be asked all the same', async () => {
    const page = await bar();
    await field(page).fill('half a thought');
    await button(page, 'Add the clipboard').click();
    await page.getByText('There was nothing to add.').waitFor();
    await page.getByText('The clipboard has neither text nor a picture.').waitFor();
    expect(await field(page).inputValue()).toBe('half a thought');
    await field(page).press('Enter');
    await page.locator('article').first().waitFor();
  });

  const sent = (page: Page) =>
    page.evaluate(() => {
      type Calls = [string, { text: string; attachments: { name: string }[] }][];
      const { calls } = (window as unknown as { harkFake: { calls: Calls } }).harkFake;
      return calls.flatMap(([name, args]) =>
        name === 'send' ? [{ text: args.text, names: args.attachments.map((one) => one.name) }] : [],
      );
    });
  const waiting = (page: Page) => page.getByRole('list', { name: 'Goes with the message' });

  test('takes pictures of the screen and of the window below along, shown first, removable', async () => {
    const page = await bar('usual', { viewport: { width: 680, height: 200 } });
    await page.keyboard.press('Control+3');
    await waiting(page).getByText('Screen').waitFor();
    await waiting(page).locator('img').waitFor();
    await waiting(page).getByText('640 × 400').waitFor();
    await page.keyboard.press('Control+4');
    await waiting(page).getByText('Window: steps.rs — Editor').waitFor();
    expect(await waiting(page).getByRole('listitem').count()).toBe(2);
    await button(page, 'Remove Screen').click();
    expect(await waiting(page).getByRole('listitem').count()).toBe(1);
    const holding = (await asked(page)).filter((call) => call.kind === 'bar_holds' && call.files);
    expect(holding.length).toBeGreaterThan(0);
  });

  test('asks with a picture, by the name of what it shows', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await bar('usual', { viewport: { width: 680, height: 150 }, colorScheme });
      await page.keyboard.press('Control+4');
      await waiting(page).locator('img').waitFor();
      await picture(page, `bar-picture-${colorScheme}`);
      expect(await violations(page)).toEqual([]);
      await field(page).fill('What does this do?');
      await field(page).press('Enter');
      await page.locator('article[aria-busy=false]').waitFor();
      expect(await waiting(page).count()).toBe(0);
      expect(await sent(page)).toEqual([
        { text: 'What does this do?', names: ['Window: steps.rs — Editor'] },
      ]);
    }
  });

  test('Esc takes a picture away again, and one that leaves by itself keeps it', async () => {
    const page = await bar();
    await page.keyboard.press('Control+3');
    await waiting(page).locator('img').waitFor();
    await order(page, { kind: 'bar_leaves' });
    await expect.poll(() => kinds(page)).toContain('hide_bar');
    expect(await waiting(page).count()).toBe(1);
    await page.keyboard.press('Escape');
    await expect.poll(() => waiting(page).count()).toBe(0);
  });

  test('is given a region by a key, and says nothing of one that was given up', async () => {
    const page = await bar();
    await page.keyboard.press('Control+5');
    await page.waitForTimeout(50);
    expect(await page.locator('.card').count()).toBe(0);
    await page.evaluate(() => {
      const { desktop } = (window as unknown as Around).harkFake;
      desktop.order({ kind: 'saw', seen: desktop.saw({ kind: 'region', width: 640, height: 480 }) });
    });
    await waiting(page).getByText('Region 640 × 480').waitFor();
    await waiting(page).locator('img').waitFor();
  });

  test('takes a picture from the clipboard where there is no text on it', async () => {
    const page = await bar('copied', { viewport: { width: 680, height: 150 } });
    await page.keyboard.press('Control+2');
    await waiting(page).getByText('Picture').waitFor();
    await waiting(page).locator('img').waitFor();
  });

  test('what the system refuses leads to its settings', async () => {
    const page = await bar('refused', { viewport: { width: 680, height: 260 } });
    await page.keyboard.press('Control+3');
    await page.getByText('No picture was taken.').waitFor();
    await picture(page, 'bar-refused');
    await button(page, "Open the system's settings").click();
    const opened = (await asked(page)).find((call) => call.kind === 'open_system_page');
    expect(opened).toEqual({ kind: 'open_system_page', page: 'screen' });
  });

  test('takes files by button, paste and drop', async () => {
    const page = await bar('usual', { viewport: { width: 680, height: 200 } });
    const chooser = page.waitForEvent('filechooser');
    await button(page, 'Attach files').click();
    const holding = (await asked(page)).filter((call) => call.kind === 'bar_holds').at(-1);
    expect(holding).toMatchObject({ files: true });
    await (
      await chooser
    ).setFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('a note') });
    await waiting(page).getByText('notes.txt').waitFor();
    await page.evaluate(() => {
      const data = (name: string) => {
        const one = new DataTransfer();
        one.items.add(new File([name], name));
        return one;
      };
      const field = document.querySelector('textarea');
      const [clipboardData, dataTransfer] = [data('pasted.txt'), data('dropped.txt')];
      field?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
      window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
    });
    await waiting(page).getByText('pasted.txt').waitFor();
    await waiting(page).getByText('dropped.txt').waitFor();
    await field(page).press('Enter');
    await page.locator('article[aria-busy=false]').waitFor();
    expect((await sent(page))[0]?.names).toEqual(['notes.txt', 'pasted.txt', 'dropped.txt']);
  });

  test('says what it was told about a file that cannot be attached', async () => {
    const page = await bar('usual', { viewport: { width: 680, height: 200 } });
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], 'x.zip'));
      window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
    });
    await page.getByText('“x.zip” was not attached.').waitFor();
  });

  test('is drawn light, dark, narrow, large', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [name, width, scene] of [
        ['bar', 680, 'usual'],
        ['bar-narrow', 608, 'usual'],
        ['bar-error', 680, 'no_model'],
      ] as const) {
        const page = await bar(scene, { colorScheme, viewport: { width, height: 60 } });
        await picture(page, `${name}-${colorScheme}-empty`);
        await page.setViewportSize({ width, height: 400 });
        await field(page).fill('Explain this in a table, with some code');
        await field(page).press('Enter');
        await page.locator('article[aria-busy=false], .card').first().waitFor();
        const height = async () =>
          (await asked(page)).flatMap((call) => (call.kind === 'fit_bar' ? [call.height] : [])).at(-1) ?? 0;
        await expect.poll(height).toBeGreaterThan(100);
        await page.setViewportSize({ width, height: Math.round(Math.min(await height(), 450)) });
        await picture(page, `${name}-${colorScheme}`);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
    }
  });
});

describe.skipIf(real)('keys that work in every program', () => {
  async function shortcuts(scene = 'usual&desktop') {
    const page = await open({ scene });
    await page.keyboard.press('Control+,');
    const dialog = page.getByRole('dialog', { name: 'Settings' });
    await button(dialog, 'Shortcuts').click();
    return { page, dialog };
  }

  test('one is set by pressing it, and the old one is let go meanwhile', async () => {
    const { page, dialog } = await shortcuts();
    await button(dialog, /^Show the bar: Alt\+Space/).click();
    expect(await kinds(page)).toContain('pause_keys');
    await page.keyboard.press('k');
    await dialog.getByText('Hold Ctrl, Alt or Super with it').waitFor();
    await page.keyboard.press('Control+Alt+k');
    await button(dialog, /^Show the bar: Ctrl\+Alt\+K/).waitFor();
    const paused = (await asked(page)).flatMap((call) => (call.kind === 'pause_keys' ? [call.paused] : []));
    expect(paused).toEqual([true, false]);
    await picture(page, 'keys');
  });

  test('Backspace takes it away, and Esc keeps it', async () => {
    const { page, dialog } = await shortcuts();
    await button(dialog, /^Hold to talk/).click();
    await page.keyboard.press('Escape');
    await button(dialog, /^Hold to talk: Alt\+Shift\+Space/).click();
    await page.keyboard.press('Backspace');
    await button(dialog, /^Hold to talk: Off/).waitFor();
  });

  test('one that is taken is said so, there and at the start, and another is offered', async () => {
    const { page, dialog } = await shortcuts('taken&desktop');
    await dialog.getByText('Alt+Space is taken by another program.').first().waitFor();
    await picture(page, 'keys-taken');
    await button(dialog, 'Use Ctrl+Shift+Space').first().click();
    await button(dialog, /^Show the bar: Ctrl\+Shift\+Space/).waitFor();
  });

  test('a browser has none, and says so', async () => {
    const { page, dialog } = await shortcuts('usual');
    await dialog.getByText('this is a page in a browser').waitFor();
    await button(dialog, 'General').click();
    expect(await dialog.getByText('When the window is closed').count()).toBe(0);
    expect(await dialog.getByText('Start with the computer').count()).toBe(0);
    await page.keyboard.press('Escape');
  });
});

describe.skipIf(real)('the program around the window', () => {
  test('closing is asked about, and the answer is told', async () => {
    const page = await open({ scene: 'usual&desktop' });
    await order(page, { kind: 'ask_about_closing' });
    const dialog = page.getByRole('dialog', { name: 'Keep Hark ready?' });
    await dialog.getByText('Alt+Space brings up the bar').waitFor();
    await picture(page, 'closing');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await order(page, { kind: 'ask_about_closing' });
    await page.keyboard.press('Enter');
    const answers = (await asked(page)).flatMap((call) => (call.kind === 'closing' ? [call.keep] : []));
    expect(answers).toEqual([null, true]);
  });

  test('a conversation of the bar is shown, and the start with the system is a switch', async () => {
    const page = await open({ scene: 'usual&desktop' });
    await order(page, { kind: 'show', place: { kind: 'conversation', id: 'c1' } });
    await page.getByRole('article').first().waitFor();
    expect(await composer(page).evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.press('Control+,');
    const start = page.getByRole('switch', { name: 'Start with the computer' });
    expect(await start.getAttribute('aria-checked')).toBe('false');
    await start.click();
    await expect.poll(() => start.getAttribute('aria-checked')).toBe('true');
    await picture(page, 'general');
  });

  test('tray and notifications have their words', async () => {
    const page = await open({ scene: 'usual&desktop' });
    await expect.poll(() => kinds(page)).toContain('words');
    const words = (await asked(page)).find((call) => call.kind === 'words');
    expect(Object.values(words && 'words' in words ? words.words : {}).every(Boolean)).toBe(true);
  });
});
