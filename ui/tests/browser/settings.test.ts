/** Settings, models, first run, and what is shown when something is missing. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { answered, button, composer, open, questions, real, say } from './world';

const theme = (page: Page) => page.evaluate(() => document.documentElement.dataset['theme']);
const lang = (page: Page) => page.evaluate(() => document.documentElement.lang);

async function settings(page: Page, where = 'General') {
  await page.keyboard.press('Control+,');
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await button(dialog, where).click();
  return dialog;
}

describe('settings', () => {
  test('the theme changes at once and stays', async () => {
    const page = await open({ colorScheme: 'light' });
    const dialog = await settings(page);
    await dialog.getByRole('radio', { name: 'Dark' }).check({ force: true });
    await expect.poll(() => theme(page)).toBe('dark');
    await page.reload();
    await composer(page).waitFor();
    await expect.poll(() => theme(page)).toBe('dark');
    const again = await settings(page);
    const group = again.getByRole('radiogroup', { name: 'Appearance' });
    await group.getByRole('radio', { name: 'Same as the system' }).check({ force: true });
    await expect.poll(() => theme(page)).toBe('light');
  });

  test('the language changes everything at once', async () => {
    const page = await open();
    const dialog = await settings(page);
    await dialog.getByRole('combobox', { name: 'Language' }).selectOption('zh');
    await page.getByRole('dialog', { name: '设置' }).waitFor();
    expect(await lang(page)).toBe('zh-Hans');
    await page.getByRole('combobox', { name: '语言' }).selectOption('es');
    await page.getByRole('dialog', { name: 'Ajustes' }).waitFor();
    expect(await lang(page)).toBe('es');
    await page.getByRole('combobox', { name: 'Idioma' }).selectOption('system');
    await page.getByRole('dialog', { name: 'Settings' }).waitFor();
  });

  test('a number out of range is not taken', async () => {
    const page = await open();
    const dialog = await settings(page, 'Answers');
    const field = dialog.getByRole('textbox', { name: 'Temperature' });
    const before = await field.inputValue();
    await field.fill('9');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await field.press('Enter');
    await expect.poll(() => field.inputValue()).toBe(before);
    await field.fill('0.4');
    await field.press('Enter');
    // It is sent at once; a page that is gone at once would take it along.
    await page.waitForTimeout(500);
    await page.reload();
    await composer(page).waitFor();
    const again = (await settings(page, 'Answers')).getByRole('textbox', { name: 'Temperature' });
    await expect.poll(() => again.inputValue()).toBe('0.4');
    await again.fill(before);
    await again.press('Enter');
  });

  test('are found by words', async () => {
    const page = await open();
    const dialog = await settings(page);
    await dialog.getByRole('searchbox', { name: 'Search settings' }).fill('memory');
    await dialog.getByText('Context', { exact: true }).waitFor();
    await dialog.getByRole('searchbox', { name: 'Search settings' }).fill('xyzzy');
    await dialog.getByText('No setting matches').waitFor();
  });

  test('a larger text does not break the window', async () => {
    const page = await open({ viewport: { width: 640, height: 800 } });
    const dialog = await settings(page);
    await dialog.getByRole('combobox', { name: 'Text size' }).selectOption('200');
    await expect
      .poll(() => page.evaluate(() => getComputedStyle(document.documentElement).fontSize))
      .toBe('30px');
    await dialog.getByRole('combobox', { name: 'Text size' }).selectOption('100');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
  });

  test('Ctrl+Enter can be made the key that sends', async () => {
    const page = await open();
    const group = (await settings(page)).getByRole('radiogroup', { name: 'Send with' });
    await group.getByRole('radio', { name: 'Ctrl+Enter' }).check({ force: true });
    await page.keyboard.press('Escape');
    await composer(page).fill('plain line');
    await composer(page).press('Enter');
    await expect.poll(() => composer(page).inputValue()).toBe('plain line\n');
    await composer(page).press('Control+Enter');
    await questions(page).filter({ hasText: 'plain line' }).waitFor();
    await answered(page);
    const again = (await settings(page)).getByRole('radiogroup', { name: 'Send with' });
    await again.getByRole('radio', { name: 'Enter', exact: true }).check({ force: true });
  });
});

describe.skipIf(real)('with the scripted host', () => {
  test('the first run leads from nothing to a reply', async () => {
    const page = await open({ scene: 'first_run' });
    await page.getByRole('heading', { name: 'Welcome to Hark' }).waitFor();
    await button(page, 'Continue').click();
    await button(page, 'Download SmolLM2 135M').click();
    await page.getByRole('progressbar', { name: 'SmolLM2 135M' }).waitFor();
    await page.getByText(/MB of 98 MB · .*\/s · .* left/).waitFor();
    await button(page, 'Continue').click();
    await page.getByRole('heading', { name: 'Talking' }).waitFor();
    await button(page, 'Continue').click();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await button(page, 'Start').click();
    await button(page, 'Explain how tides work, in five sentences').click();
    expect(await answered(page)).toContain('Tides are');
    await page.reload();
    await composer(page).waitFor();
  });

  test('the first run can be skipped; without a model there is a way to one', async () => {
    const page = await open({ scene: 'first_run' });
    await button(page, 'Skip').click();
    await page.getByRole('heading', { name: 'First, a model' }).waitFor();
    await composer(page).fill('Hello');
    await composer(page).press('Enter');
    await page.getByText('There is no model to answer with.').waitFor();
    expect(await composer(page).inputValue()).toBe('Hello');
    await page.getByRole('status').getByRole('button', { name: 'Choose a model' }).click();
    const dialog = page.getByRole('dialog', { name: 'Models' });
    await button(dialog, 'Download Gemma 4 E2B').click();
    await button(dialog, 'Cancel the download of Gemma 4 E2B').click();
    await button(dialog, 'Download Gemma 4 E2B').waitFor();
  });

  test('a model is chosen for one conversation, and for all', async () => {
    const page = await open({ hash: '#c=c0' });
    await button(page, 'Model: SmolLM2 135M').click();
    const dialog = page.getByRole('dialog', { name: 'Models' });
    await dialog.getByRole('textbox', { name: 'Use a GGUF file of your own' }).fill('"/data/mine.gguf"');
    await button(dialog, 'Add').click();
    await dialog.getByText('mine.gguf was added.').waitFor();
    await dialog.getByRole('radio', { name: 'For this conversation' }).check({ force: true });
    await button(dialog, 'Use: mine.gguf').click();
    await button(page, 'Model: mine.gguf').waitFor();
    await page.keyboard.press('Control+n');
    await button(page, 'Model: SmolLM2 135M').waitFor();
  });

  test('a file that is no model gets a sentence', async () => {
    const page = await open();
    await page.keyboard.press('Control+m');
    const dialog = page.getByRole('dialog', { name: 'Models' });
    await dialog.getByRole('textbox', { name: 'Use a GGUF file of your own' }).fill('/etc/passwd');
    await button(dialog, 'Add').click();
    await dialog.getByText('This model’s file cannot be used.').waitFor();
    await dialog.getByText('“/etc/passwd” is not a GGUF file.').waitFor();
  });

  test('a model is removed only after asking', async () => {
    const page = await open();
    const dialog = await settings(page, 'Models');
    await button(dialog, 'Remove SmolLM2 135M').click();
    await button(dialog.getByRole('group', { name: 'Remove SmolLM2 135M' }), 'Remove').click();
    await button(dialog, 'Download SmolLM2 135M').waitFor();
  });

  test('a server is tested, added and chosen', async () => {
    const page = await open();
    const dialog = await settings(page, 'Servers');
    await button(dialog, 'Add a server').click();
    await dialog.getByRole('textbox', { name: 'Address' }).fill('http://127.0.0.1:8080');
    await dialog.getByLabel('Key', { exact: true }).fill('k');
    await button(dialog, 'Test').click();
    await dialog.getByText('llama-server answers and offers 2 models.').waitFor();
    await button(dialog, 'Save').click();
    await dialog.getByText('http://127.0.0.1:8080 · qwen3-30b').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+m');
    await button(page, 'Use: 127.0.0.1:8080').click();
    await button(page, 'Model: 127.0.0.1:8080').waitFor();
  });

  test('an engine that gave up is started again', async () => {
    const page = await open({ scene: 'down' });
    await page.getByText('The engine stopped several times in a row').waitFor();
    await button(page, 'Start again').click();
    await page.getByText('The engine stopped several times').waitFor({ state: 'detached' });
  });

  test('loading shows how far it is', async () => {
    const page = await open({ scene: 'loading' });
    const bar = page.getByRole('progressbar', { name: 'Loading SmolLM2 135M' });
    expect(await bar.getAttribute('aria-valuenow')).toBe('42');
  });

  test('a notice says what happened and can be dismissed', async () => {
    const page = await open({ scene: 'notice' });
    await page.getByText('The disk is full.').waitFor();
    await button(page, 'Dismiss').click();
    await page.getByText('The disk is full.').waitFor({ state: 'detached' });
  });

  test('mistakes in the settings file are listed with their lines', async () => {
    const page = await open({ scene: 'problems' });
    const dialog = await settings(page);
    await dialog.getByText('Line 12').waitFor();
    await dialog.getByText('model.temperature').waitFor();
  });

  test.each([
    ['zh-CN', '想问什么都可以'],
    ['es-MX', 'Pregunta lo que quieras'],
    ['fr-FR', 'Ask anything'],
  ])('on a system that speaks %s it says “%s”', async (locale, words) => {
    const page = await open({ locale });
    await page.getByRole('heading', { name: words }).waitFor();
  });

  test('messages sent in a conversation go to the same conversation', async () => {
    const page = await open({ scene: 'empty' });
    await say(page, 'plain one');
    await answered(page);
    await say(page, 'plain two');
    await answered(page);
    expect(await questions(page).count()).toBe(2);
    expect(await page.locator('[data-row]').count()).toBe(1);
  });
});
