/** By keyboard alone, and for those who do not see the screen. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import {
  answered,
  answers,
  button,
  composer,
  open,
  questions,
  real,
  row,
  rows,
  say,
  unique,
  violations,
} from './world';

const focused = (page: Page) =>
  page.evaluate(() => {
    const one = document.activeElement;
    return one?.getAttribute('aria-label') ?? one?.textContent?.trim() ?? '';
  });

/** Presses Tab until the element with this name has the focus. */
async function tabTo(page: Page, name: string | RegExp, key = 'Tab') {
  const seen: string[] = [];
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press(key);
    const now = await focused(page);
    if (typeof name === 'string' ? now === name : name.test(now)) return;
    seen.push(now);
  }
  throw new Error(`Tab never came to ${String(name)}; it went through: ${seen.join(', ')}`);
}

describe('by keyboard', () => {
  test('write, copy, edit, choose another version, go back to an old conversation', async () => {
    const page = await open();
    const word = unique('keys');
    await page.keyboard.type(`plain ${word}`);
    await page.keyboard.press('Enter');
    await questions(page).filter({ hasText: word }).waitFor();
    await answered(page);
    await tabTo(page, 'Another reply', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'Version 2 of 2' }).waitFor();
    await answered(page);
    await composer(page).focus();
    await tabTo(page, 'The version before', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'Version 1 of 2' }).waitFor();
    await page.keyboard.press('Control+n');
    await page.getByText('Ask anything').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type(word);
    await expect.poll(() => rows(page).count()).toBe(1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await questions(page).filter({ hasText: word }).waitFor();
  });

  test('a menu opens, moves and closes by key, and gives the focus back', async () => {
    const page = await open();
    const word = unique('menu');
    await say(page, `plain ${word}`);
    await answered(page);
    await button(page, 'Conversation menu').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Rename' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.getByRole('menuitem', { name: 'Delete' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Conversation menu');
  });

  test('a dialog keeps the focus and gives it back', async () => {
    const page = await open();
    await button(page, 'Settings').focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Settings' });
    await dialog.waitFor();
    for (let n = 0; n < 30; n++) {
      await page.keyboard.press('Tab');
      // Beyond the last element the browser's own frame has the focus for a moment: the document has none.
      const where = await page.evaluate(() => {
        const one = document.activeElement;
        return one === document.body || !!one?.closest('dialog');
      });
      expect(where).toBe(true);
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Settings');
  });

  test('the shortcuts are shown by key', async () => {
    const page = await open();
    await page.keyboard.press('Control+/');
    await page.getByRole('dialog', { name: 'Shortcuts' }).getByText('Copy the last answer').waitFor();
  });

  test('the list has one stop for Tab, and arrows inside', async () => {
    const page = await open();
    await say(page, `plain ${unique('one')}`);
    await answered(page);
    expect(await page.locator('[data-row][tabindex="0"]').count()).toBe(1);
  });
});

describe('for screen readers', () => {
  test('a reply is announced when it ends, not word by word', async () => {
    const page = await open();
    await say(page, 'plain announced');
    await answered(page);
    await page
      .locator('[aria-live=polite]')
      .getByText(/^Reply finished: /)
      .waitFor();
    expect(await page.getByRole('log').getAttribute('aria-live')).toBe('off');
  });

  const states: Record<string, (page: Page) => Promise<unknown>> = {
    'an empty conversation': async () => undefined,
    'a conversation': async (page) => {
      await say(page, 'tides');
      await answered(page);
      await button(answers(page).last(), 'Details').click();
    },
    'the settings': async (page) => page.keyboard.press('Control+,'),
    'the models': async (page) => page.keyboard.press('Control+m'),
    'the shortcuts': async (page) => page.keyboard.press('Control+/'),
    'a search': async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('e');
      await page
        .getByRole('heading', { name: 'Found' })
        .or(page.getByText(/^Nothing found/).first())
        .waitFor();
    },
  };

  test.each(
    Object.keys(states).flatMap((name) =>
      (['light', 'dark'] as const).map((scheme) => [name, scheme] as const),
    ),
  )('axe finds nothing serious in %s, %s', async (name, colorScheme) => {
    const page = await open({ colorScheme });
    await states[name]?.(page);
    expect(await violations(page)).toEqual([]);
  });

  describe.skipIf(real)('with the scripted host', () => {
    test.each(['General', 'Answers', 'Voice', 'Models', 'Servers', 'Shortcuts', 'Privacy', 'About'])(
      'axe finds nothing serious in the settings page %s',
      async (name) => {
        const page = await open({ scene: 'problems' });
        await page.keyboard.press('Control+,');
        await button(page.getByRole('dialog'), name).click();
        if (name === 'Servers') await button(page, 'Add a server').click();
        expect(await violations(page)).toEqual([]);
      },
    );

    test.each(['down', 'loading', 'notice', 'no_model', 'many'])(
      'axe finds nothing serious in scene %s',
      async (scene) => {
        const page = await open({ scene });
        expect(await violations(page)).toEqual([]);
      },
    );

    test.each([1, 2, 3, 4])('axe finds nothing serious on page %d of the first run', async (number) => {
      const page = await open({ scene: 'first_run' });
      for (let n = 1; n < number; n++) await button(page, 'Continue').click();
      expect(await violations(page)).toEqual([]);
    });

    test.each([
      ['a failed reply', 'fail'],
      ['thoughts', 'think plain'],
      ['a stopped reply', 'slow'],
    ])('axe finds nothing serious in %s', async (_name, text) => {
      const page = await open();
      await say(page, text);
      if (text === 'slow') await button(page, 'Stop').click();
      await answered(page);
      expect(await violations(page)).toEqual([]);
    });

    test('axe finds nothing serious in a narrow window with its drawer, a menu and a toast', async () => {
      const page = await open({ viewport: { width: 640, height: 800 } });
      await button(page, 'Show the list').click();
      expect(await violations(page)).toEqual([]);
      await row(page, 'Git rebase').press('Delete');
      await page.getByText('was deleted.').waitFor();
      expect(await violations(page)).toEqual([]);
      await rows(page).first().click({ button: 'right' });
      expect(await violations(page)).toEqual([]);
    });
  });
});
