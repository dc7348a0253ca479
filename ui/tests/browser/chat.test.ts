/** A typed conversation, from the first word to another version of it. */
import { describe, expect, test } from 'vitest';
import { answered, answers, button, composer, limit, open, questions, real, row, say, unique } from './world';

/** Long enough to be stopped, for the scripted host and for a real model. */
const LONG = 'slow: count from 1 to 2000, one number in each line, and do not stop before the end';

describe('a conversation', () => {
  test('answers, and shows up in the list', async () => {
    const page = await open();
    const word = unique('tide');
    await say(page, `plain ${word}`);
    expect(await answered(page)).not.toBe('');
    await row(page, word).waitFor();
    expect(await composer(page).inputValue()).toBe('');
    expect(await composer(page).evaluate((field) => field === document.activeElement)).toBe(true);
  });

  test('Shift+Enter makes a new line, Ctrl+Enter sends', async () => {
    const page = await open();
    await composer(page).fill('plain one');
    await composer(page).press('Shift+Enter');
    await composer(page).pressSequentially('two');
    expect(await composer(page).inputValue()).toBe('plain one\ntwo');
    await composer(page).press('Control+Enter');
    await questions(page).filter({ hasText: 'two' }).waitFor();
    await answered(page);
  });

  test('stops and keeps what was written', async () => {
    await limit(null);
    const page = await open();
    await say(page, LONG);
    await answers(page).last().locator('.text').waitFor();
    await button(page, 'Stop').click();
    await answers(page).last().getByText('Stopped').waitFor();
    expect((await answers(page).last().innerText()).length).toBeGreaterThan('Stopped'.length);
    await button(page, 'Send').waitFor();
  });

  test.each(['Escape', 'Control+.'])('%s stops too', async (key) => {
    await limit(null);
    const page = await open();
    await say(page, LONG);
    await answers(page).last().locator('.text').waitFor();
    await page.keyboard.press(key);
    await answers(page).last().getByText('Stopped').waitFor();
  });

  test('what is sent meanwhile waits, and can be taken back', async () => {
    await limit(null);
    const page = await open();
    await say(page, LONG);
    await button(page, 'Stop').waitFor();
    for (const text of ['plain first in line', 'plain second in line']) {
      await composer(page).fill(text);
      await composer(page).press('Enter');
      await page.getByRole('list', { name: 'Waiting to be sent' }).getByText(text).waitFor();
    }
    await limit(40);
    await button(page, 'Take back “plain first in line”').click();
    await page.getByText('plain first in line').waitFor({ state: 'detached' });
    await button(page, 'Stop').click();
    await questions(page).filter({ hasText: 'plain second in line' }).waitFor();
    await answered(page);
    expect(await questions(page).count()).toBe(2);
  });

  test('a message is edited, and both versions can be seen', async () => {
    const page = await open();
    const [before, after] = [unique('before'), unique('after')];
    await say(page, `plain ${before}`);
    await answered(page);
    await composer(page).press('ArrowUp');
    const field = page.getByRole('textbox', { name: 'Edit your message' });
    await field.fill(`plain ${after}`);
    await field.press('Enter');
    await questions(page).filter({ hasText: after }).waitFor();
    await answered(page);
    expect(await questions(page).count()).toBe(1);
    await page.getByRole('group', { name: 'Version 2 of 2' }).waitFor();
    await questions(page).getByRole('button', { name: 'The version before' }).click();
    await questions(page).filter({ hasText: before }).waitFor();
    await page.getByRole('group', { name: 'Version 1 of 2' }).waitFor();
  });

  test('an edit can be given up', async () => {
    const page = await open();
    await say(page, 'plain stays');
    await answered(page);
    await questions(page).hover();
    await questions(page).getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Edit your message' }).press('Escape');
    await questions(page).filter({ hasText: 'plain stays' }).waitFor();
    expect(await page.getByRole('group', { name: /^Version/ }).count()).toBe(0);
  });

  test('another reply is made beside the first', async () => {
    const page = await open();
    await say(page, 'plain again');
    await answered(page);
    await button(answers(page).last(), 'Another reply').click();
    await page.getByRole('group', { name: 'Version 2 of 2' }).waitFor();
    await answered(page);
    await answers(page).getByRole('button', { name: 'The version before' }).click();
    await page.getByRole('group', { name: 'Version 1 of 2' }).waitFor();
  });

  test('the details of a reply are shown on demand', async () => {
    const page = await open();
    await say(page, 'plain details');
    await answered(page);
    await button(answers(page).last(), 'Details').click();
    await page.getByText('Time to first word').waitFor();
    await page
      .getByText(/tokens\/s/)
      .first()
      .waitFor();
  });

  test('an answer is copied, by button and by key', async () => {
    const page = await open();
    const word = unique('copy');
    await say(page, `plain ${word}`);
    await answered(page);
    await button(questions(page).last(), 'Copy').click();
    await button(questions(page).last(), 'Copied').waitFor();
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    expect(await clipboard()).toBe(`plain ${word}`);
    await page.keyboard.press('Control+Shift+C');
    await expect.poll(clipboard).not.toBe(`plain ${word}`);
  });

  test('a reload keeps the conversation, and what was typed and not sent', async () => {
    const page = await open();
    const word = unique('keep');
    await say(page, `plain ${word}`);
    await answered(page);
    const saved = real && page.waitForResponse((response) => response.url().endsWith('/save_draft'));
    await composer(page).fill('not sent yet');
    await composer(page).blur();
    await saved;
    await page.reload();
    await questions(page).filter({ hasText: word }).waitFor();
    await expect.poll(() => composer(page).inputValue()).toBe('not sent yet');
    await composer(page).fill('');
    await composer(page).blur();
  });

  test('an input method’s Enter does not send', async () => {
    const page = await open();
    const client = await page.context().newCDPSession(page);
    await composer(page).focus();
    await client.send('Input.imeSetComposition', { text: 'nihao', selectionStart: 5, selectionEnd: 5 });
    await composer(page).dispatchEvent('keydown', { key: 'Enter', keyCode: 229, isComposing: true });
    await client.send('Input.insertText', { text: '你好' });
    await expect.poll(() => composer(page).inputValue()).toContain('你好');
    expect(await questions(page).count()).toBe(0);
    await composer(page).fill('');
  });
});

describe.skipIf(real)('with the scripted model', () => {
  test('Markdown becomes headings, tables, code and formulas; links leave the window', async () => {
    const page = await open();
    await say(page, 'tides');
    await answered(page);
    const last = answers(page).last();
    for (const part of ['h2', 'table', 'pre', '.katex', 'blockquote'])
      await last.locator(part).first().waitFor();
    await last.getByRole('link', { name: 'tide tables' }).click();
    const opened = () =>
      page.evaluate(() => (window as unknown as { harkFake: { opened: string[] } }).harkFake.opened);
    await expect.poll(opened).toEqual(['https://example.org/tides']);
  });

  test('thoughts are folded, with a live state', async () => {
    const page = await open();
    await say(page, 'think, plain');
    await answers(page).getByText('Thinking…').waitFor();
    await answered(page);
    const thoughts = answers(page).locator('details');
    await thoughts.getByText('Thoughts').click();
    await thoughts.getByText('differential pull').waitFor();
  });

  test('a failed reply is a card that tries again', async () => {
    const page = await open();
    await say(page, 'fail');
    await page.getByText('The engine stopped in the middle.').waitFor();
    await page.getByText('signal 9').waitFor();
    await button(page, 'Try again').click();
    await page.getByRole('group', { name: 'Version 2 of 2' }).waitFor();
    await button(page, 'Try again').waitFor();
  });

  test('a reply interrupted by a reload says so', async () => {
    const page = await open();
    await say(page, 'slow');
    await answers(page).last().locator('.text').waitFor();
    await page.reload();
    await answers(page).last().getByText('Interrupted.').waitFor();
  });

  test('the log follows the newest words, unless one reads further up', async () => {
    const page = await open();
    await say(page, 'slow');
    const log = page.getByRole('log');
    const left = () => log.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight);
    const height = () => log.evaluate((one) => one.scrollHeight);
    await expect.poll(height).toBeGreaterThan(1500);
    expect(await left()).toBeLessThan(60);
    await log.hover();
    await page.mouse.wheel(0, -600);
    await button(page, 'To the newest message').waitFor();
    const grown = (await height()) + 300;
    // What is being read stays where it is on the screen; blocks above that are laid out late may move the scroll bar.
    const read = await log.evaluateHandle((one) => {
      const box = one.getBoundingClientRect();
      const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      return at?.closest('.md-block') ?? one;
    });
    const top = () => read.evaluate((one) => Math.round(one.getBoundingClientRect().top));
    let at = NaN;
    await expect.poll(async () => at === (at = await top())).toBe(true);
    await expect.poll(height).toBeGreaterThan(grown);
    expect(Math.abs((await top()) - at)).toBeLessThan(8);
    await button(page, 'To the newest message').click();
    await expect.poll(left).toBeLessThan(60);
    await button(page, 'To the newest message').waitFor({ state: 'detached' });
  });

  test('a word that comes touches the message it belongs to and no other', async () => {
    const page = await open({ hash: '#c=c0' });
    await say(page, 'slow');
    await answers(page).last().locator('.text').waitFor();
    const touched = await page.evaluate(async () => {
      const items = [...document.querySelectorAll('[role=log] [role=listitem]')];
      const elsewhere = new Set<string>();
      let here = 0;
      const watch = new MutationObserver((changes) => {
        for (const change of changes) {
          // The renderer marks texts that have come to rest; that redraws nothing.
          if (change.type === 'attributes' && (change.target as Element).classList.contains('md')) continue;
          const item = change.target instanceof Element ? change.target : change.target.parentElement;
          if (item?.closest('[role=listitem]') === items.at(-1)) here++;
          else elsewhere.add(item?.className ?? '?');
        }
      });
      for (const root of ['[role=log]', 'nav', 'header'].map((one) => document.querySelector(one))) {
        if (root)
          watch.observe(root, { childList: true, subtree: true, characterData: true, attributes: true });
      }
      await new Promise<void>((resolve) => {
        const look = () => (here > 40 ? resolve() : requestAnimationFrame(look));
        look();
      });
      watch.disconnect();
      return [...elsewhere];
    });
    expect(touched).toEqual([]);
  });

  test('a reply that streams takes neither the focus nor what is being typed', async () => {
    const page = await open();
    await say(page, 'slow');
    const text = answers(page).last().locator('.text');
    await text.waitFor();
    const grown = async () => {
      const now = (await text.innerText()).length;
      await expect.poll(async () => (await text.innerText()).length).toBeGreaterThan(now + 100);
    };
    await composer(page).pressSequentially('bc');
    await composer(page).press('Home');
    await grown();
    await page.keyboard.type('a');
    expect(await composer(page).inputValue()).toBe('abc');
    const search = page.getByRole('searchbox', { name: 'Search conversations' });
    await search.focus();
    await grown();
    expect(await search.evaluate((field) => field === document.activeElement)).toBe(true);
  });

  test('an edit is typed where the caret is', async () => {
    const page = await open();
    await say(page, 'plain end');
    await answered(page);
    await composer(page).press('ArrowUp');
    const field = page.getByRole('textbox', { name: 'Edit your message' });
    await field.press('Home');
    await page.keyboard.type('so ');
    expect(await field.inputValue()).toBe('so plain end');
  });

  test('left-out messages are told', async () => {
    const page = await open();
    for (let n = 1; n <= 7; n++) {
      await say(page, `plain ${n}`);
      await answered(page);
    }
    await page.getByText('The 3 oldest messages were left out').first().waitFor();
  });
});
