/** The list: finding, naming, pinning, deleting, thousands. */
import { describe, expect, test } from 'vitest';
import { answered, button, composer, open, questions, real, row, rows, say, unique } from './world';

async function started(text: string) {
  const page = await open();
  await say(page, text);
  await answered(page);
  await row(page, text).waitFor();
  return page;
}

describe('the list', () => {
  test('finds words in messages and marks them', async () => {
    const word = unique('needle');
    const page = await started(`plain ${word}`);
    await page.keyboard.press('Control+k');
    await page.keyboard.type(word);
    await expect.poll(() => rows(page).count()).toBe(1);
    await expect.poll(() => page.locator('mark').first().innerText()).toBe(word);
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Today' }).waitFor();
  });

  test('says when nothing is found', async () => {
    const page = await open();
    await page.getByRole('searchbox', { name: 'Search conversations' }).fill(unique('nowhere'));
    await page
      .getByText(/^Nothing found for/)
      .first()
      .waitFor();
    await button(page, 'Clear the search').click();
  });

  test('renames in place, and Esc gives it up', async () => {
    const word = unique('rename');
    const page = await started(`plain ${word}`);
    const field = page.getByRole('textbox', { name: 'Title' });
    await row(page, word).press('F2');
    await field.fill('Something else');
    await field.press('Escape');
    await row(page, word).waitFor();
    const name = unique('named');
    await row(page, word).press('F2');
    await field.fill(name);
    await field.press('Enter');
    await row(page, name).waitFor();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  });

  test('pins through the menu', async () => {
    const word = unique('pin');
    const page = await started(`plain ${word}`);
    await row(page, word).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Pin', exact: true }).click();
    await page.getByRole('list', { name: 'Pinned' }).getByText(word).waitFor();
    await button(page, 'Conversation menu').click();
    await page.getByRole('menuitem', { name: 'Unpin' }).click();
    await page.getByRole('list', { name: 'Today' }).getByText(word).waitFor();
  });

  test('deletes, and brings back', async () => {
    const word = unique('delete');
    const page = await started(`plain ${word}`);
    await row(page, word).press('Delete');
    await row(page, word).waitFor({ state: 'detached' });
    await page.getByText('was deleted.').waitFor();
    await button(page, 'Undo').click();
    await row(page, word).waitFor();
    await questions(page).filter({ hasText: word }).waitFor();
  });

  test('begins a new conversation by key', async () => {
    const page = await started(`plain ${unique('old')}`);
    await page.keyboard.press('Control+n');
    await page.getByText('Ask anything').waitFor();
    expect(await composer(page).evaluate((field) => field === document.activeElement)).toBe(true);
  });

  test('hides by key, and is a drawer where the window is narrow', async () => {
    const page = await open();
    const list = page.getByRole('navigation', { name: 'Conversations' });
    await list.waitFor();
    await page.keyboard.press('Control+b');
    await list.waitFor({ state: 'detached' });
    await page.setViewportSize({ width: 640, height: 800 });
    await button(page, 'Show the list').click();
    await list.waitFor();
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
  });

  test('exports, and says where to', async () => {
    const page = await started(`plain ${unique('export')}`);
    await button(page, 'Conversation menu').click();
    await page.getByRole('menuitem', { name: 'Export as Markdown' }).click();
    await page.getByText(/Written to .*\.md/).waitFor();
  });
});

describe.skipIf(real)('with the scripted host', () => {
  test('ten thousand conversations are pages of few rows', async () => {
    const page = await open({ scene: 'many' });
    expect(await rows(page).count()).toBeLessThan(60);
    await rows(page).nth(1).focus();
    for (const wanted of [99, 199, 299]) {
      await page.keyboard.press('End');
      await page.locator(`[data-row="${wanted}"]:focus`).waitFor();
      await page
        .locator(`[data-row="${wanted}"]`)
        .evaluate(
          (one, at) => one.closest('[aria-posinset]')?.getAttribute('aria-posinset') === String(at + 1),
          wanted,
        );
      // The next page comes by itself once its beginning is near.
      await page.locator(`[data-row="${wanted + 1}"]`).waitFor();
    }
    expect(await rows(page).count()).toBeLessThan(60);
  });

  test('what has the focus keeps it while the list is scrolled away and back', async () => {
    const page = await open({ scene: 'many' });
    const fifth = page.locator('[data-row="5"]');
    await fifth.focus();
    await fifth.hover();
    await page.mouse.wheel(0, 2_000);
    await page.locator('[data-row="60"]').waitFor();
    await page.mouse.wheel(0, -2_000);
    await page.locator('[data-row="2"]').waitFor();
    expect(await fifth.evaluate((one) => one === document.activeElement)).toBe(true);
  });

  test('without motion, sizes hold at once', async () => {
    const page = await open({ reducedMotion: 'reduce' });
    const height = await page.locator('main').evaluate((main) => {
      const box = main.appendChild(document.createElement('div'));
      box.style.height = '10px';
      void box.offsetHeight;
      box.style.height = '99px';
      const now = box.offsetHeight;
      box.remove();
      return now;
    });
    expect(height).toBe(99);
  });

  test('imports a file, and refuses another', async () => {
    const page = await open();
    const give = async (content: string) => {
      await button(page, 'More').click();
      const chooser = page.waitForEvent('filechooser');
      await page.getByRole('menuitem', { name: 'Import conversations…' }).click();
      const files = { name: 'export.json', mimeType: 'application/json', buffer: Buffer.from(content) };
      await (await chooser).setFiles(files);
    };
    await give('[{}, {}]');
    await page.getByText('2 conversations were read in.').waitFor();
    await row(page, 'Imported 2').waitFor();
    await give('not json');
    await page.getByText('This file is not an export of Hark.').waitFor();
  });
});
