/** The spoken conversation with the scripted host: what is seen, pressed and read out. */
import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { VoiceView } from '../../src/generated/api';
import { calls, overflows, panel, phase, set, still } from './spoken';
import { answers, button, composer, open, questions, real, row, violations } from './world';

describe.skipIf(real)('a spoken conversation', () => {
  test('is begun by one button; both sides can be read while they speak', async () => {
    const page = await open({ hash: '#c=c1' });
    await button(page, 'Talk').click();
    await phase(page, 'hearing');
    await panel(page).getByText('Why does the sea').first().waitFor();
    await questions(page).filter({ hasText: 'Why does the sea come in twice a day?' }).waitFor();
    await phase(page, 'speaking');
    const text = () => answers(page).last().innerText();
    await expect.poll(text).toContain('Because there are');
    const early = (await text()).length;
    await expect.poll(async () => (await text()).length).toBeGreaterThan(early);
    await phase(page, 'contested');
    await phase(page, 'speaking');
    await button(page, 'End').click();
    await panel(page).waitFor({ state: 'detached' });
    await answers(page).last().getByText('Stopped').waitFor();
    await page.locator('[data-voice-said]').getByText('The spoken conversation has ended.').waitFor();
  });

  test('begins a conversation of its own and shows it', async () => {
    const page = await open();
    await button(page, 'Talk').click();
    await questions(page).filter({ hasText: 'Why does the sea' }).waitFor();
    await panel(page).waitFor();
    await row(page, 'Why does the sea').waitFor();
    const inPanel = () => page.evaluate(() => document.activeElement?.closest('section.voice') != null);
    await expect.poll(inPanel).toBe(true);
  });

  test('that is interrupted goes on without a button to repair it', async () => {
    const page = await open({ hash: '#c=c1' });
    await button(page, 'Talk').click();
    await questions(page).filter({ hasText: 'So at half Moon they are small?' }).waitFor({ timeout: 25_000 });
    await answers(page).getByText('Interrupted', { exact: true }).waitFor();
    expect(await button(page, 'Try again').count()).toBe(0);
  });

  test('Esc stops what is heard, and ends it then', async () => {
    const page = await still();
    await set(page, { phase: 'speaking', speaking: 'c1-m2' });
    await page.keyboard.press('Escape');
    await phase(page, 'listening');
    expect(await calls(page, 'stop_speaking')).toHaveLength(1);
    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'detached' });
    expect(await calls(page, 'stop_voice')).toHaveLength(1);
  });

  test('Esc in the composer does not end it', async () => {
    const page = await still();
    await composer(page).focus();
    await page.keyboard.press('Escape');
    await page.keyboard.type('m');
    expect(await composer(page).inputValue()).toBe('m');
    await page.evaluate(() => new Promise(requestAnimationFrame));
    expect(await panel(page).count()).toBe(1);
    expect(await calls(page, 'mute_voice')).toEqual([]);
  });

  test('is muted by key; the light goes out', async () => {
    const page = await still();
    const light = panel(page).getByText('The microphone is open: Built-in Microphone');
    await light.waitFor({ state: 'attached' });
    await page.keyboard.press('m');
    await phase(page, 'muted');
    await light.waitFor({ state: 'detached' });
    await button(page, 'Unmute').click();
    await phase(page, 'listening');
  });

  test('the talk key is Space or the pointer, wherever it is let go', async () => {
    const page = await still();
    await button(page, 'Push to talk').click();
    await phase(page, 'waiting_for_key');
    await page.keyboard.down(' ');
    await phase(page, 'hearing');
    await page.keyboard.up(' ');
    await phase(page, 'waiting_for_key');
    await page.locator('[data-talk]').hover();
    await page.mouse.down();
    await phase(page, 'hearing');
    await page.mouse.move(40, 40);
    await page.mouse.up();
    await phase(page, 'waiting_for_key');
    expect(await calls(page, 'talk_key')).toEqual([
      { down: true },
      { down: false },
      { down: true },
      { down: false },
    ]);
  });

  test('hidden, or with another conversation shown, a chip stands for it', async () => {
    const page = await still();
    await button(page, 'Hide the voice').click();
    const chip = page.getByRole('button', { name: /^The microphone is open: .* Listening/ });
    await chip.click();
    await panel(page).waitFor();
    await row(page, 'A letter to the landlord').click();
    await panel(page).waitFor({ state: 'detached' });
    await chip.waitFor();
    await page.keyboard.press('Control+,');
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /Listening/ })
      .click();
    await panel(page).waitFor();
    await page.getByRole('heading', { name: 'Git rebase or merge' }).waitFor();
  });

  test('fills the window and becomes small again', async () => {
    const page = await still();
    await button(page, 'Fill the window').click();
    await button(page, 'Make smaller').waitFor();
    expect(await page.locator('.window').evaluate((one) => (one as HTMLElement).inert)).toBe(true);
    const box = await panel(page).boundingBox();
    expect(box).toMatchObject({ x: 0, y: 0, width: 1200, height: 800 });
    expect(await panel(page).evaluate((one) => one.contains(document.activeElement))).toBe(true);
    await button(page, 'Make smaller').click();
    await composer(page).fill('reachable again');
    expect(await panel(page).evaluate((one) => one.contains(document.activeElement))).toBe(false);
  });

  test('tells the parts of the last reply’s latency', async () => {
    const page = await still();
    await set(page, {
      timings: {
        silence_seen: 70,
        transcript_final: 150,
        end_believed: 130,
        first_token: 200,
        first_audio: 230,
        first_sound: 243,
      },
    });
    await button(page, /last reply was heard after 243 ms/).press('Enter');
    const table = page.getByRole('table', { name: /Last reply/ });
    await table.getByRole('row', { name: /First sound played 243 ms/ }).waitFor();
    expect(await table.getByRole('row').count()).toBe(7);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await table.waitFor({ state: 'detached' });
    expect(await panel(page).count()).toBe(1);
  });

  test('changes the microphone on the spot', async () => {
    const page = await still();
    await button(page, 'Microphone and speaker').click();
    const choice = page.getByRole('combobox', { name: 'Microphone' });
    await expect
      .poll(() => choice.locator('option').first().textContent())
      .toBe('System default (Built-in Microphone)');
    await choice.selectOption('alsa_input.usb');
    await expect
      .poll(() => calls(page, 'change_setting'))
      .toEqual([{ path: 'voice.microphone', value: 'alsa_input.usb' }]);
    await choice.selectOption('');
    await expect.poll(() => calls(page, 'change_setting')).toHaveLength(2);
    expect((await calls(page, 'change_setting'))[1]).toEqual({ path: 'voice.microphone', value: null });
    await button(page, 'Play a test tone').click();
    await expect.poll(() => calls(page, 'play_test_tone')).toHaveLength(1);
    expect(await violations(page)).toEqual([]);
  });

  test('levels thirty times a second move the shape and nothing else', async () => {
    const page = await still({ reducedMotion: 'no-preference', hash: '#c=c0' });
    await page.locator('[data-voice-said]').getByText('Listening').waitFor({ state: 'attached' });
    const seen = await page.evaluate(async () => {
      const elsewhere = new Set<string>();
      let moved = 0;
      const watch = new MutationObserver((changes) => {
        for (const { target } of changes) {
          const one = target instanceof Element ? target : target.parentElement;
          if (one?.closest('[data-shape]')) moved++;
          else elsewhere.add(one?.outerHTML.slice(0, 80) ?? '?');
        }
      });
      watch.observe(document.body, { childList: true, subtree: true, attributes: true, characterData: true });
      for (let n = 0; n < 60; n++) {
        window.harkFake.voice.levels(Math.abs(Math.sin(n / 5)), 0.1);
        await new Promise((resolve) => setTimeout(resolve, 33));
      }
      watch.disconnect();
      return { moved, elsewhere: [...elsewhere] };
    });
    expect(seen.elsewhere).toEqual([]);
    expect(seen.moved).toBeGreaterThan(40);
  });

  test('a message is read aloud, and no longer', async () => {
    const page = await open({ scene: 'voice_still', hash: '#c=c1' });
    await button(answers(page).last(), 'Read aloud').click();
    await button(answers(page).last(), 'Stop reading').click();
    await button(answers(page).last(), 'Read aloud').waitFor();
    expect(await calls(page, 'read_aloud')).toEqual([{ conversation: 'c1', message: 'c1-m2' }]);
    expect(await calls(page, 'stop_speaking')).toHaveLength(1);
  });

  test('without its models says so and leads to them', async () => {
    const page = await open({ scene: 'no_voice_models' });
    await button(page, 'Talk').click();
    await button(page, 'Download voice models').click();
    const dialog = page.getByRole('dialog', { name: 'Settings' });
    await dialog.getByRole('button', { name: /^Download, / }).click();
    await dialog.getByRole('progressbar', { name: 'Models for talking' }).waitFor();
    await dialog.getByText('Everything for a spoken conversation is on this computer.').waitFor();
  });

  test('without a microphone still stands, with a card', async () => {
    const page = await open({ scene: 'no_microphone' });
    await button(page, 'Talk').click();
    await phase(page, 'no_microphone');
    await panel(page).getByText('There is no microphone.').waitFor();
    await panel(page)
      .getByText('Plug one in; it is found by itself. What you write is still answered')
      .waitFor();
    expect(await violations(page)).toEqual([]);
  });
});

describe.skipIf(real)('for everyone', () => {
  const lost = {
    kind: 'lost',
    device: 'Yeti Stereo Microphone',
    error: { code: 'sound', message: 'It was unplugged.', sound: { kind: 'no_microphone' } },
  } as const;
  const PLAIN: Partial<VoiceView> = {
    mode: 'hands_free',
    muted: false,
    speaking: null,
    caption: { committed: '', tentative: '' },
    microphone: { kind: 'open', device: 'Built-in Microphone' },
  };
  const states: Record<string, Partial<VoiceView>> = {
    starting: { phase: 'starting' },
    listening: { phase: 'listening' },
    hearing: { phase: 'hearing', caption: { committed: 'What is', tentative: 'a tide' } },
    thinking: { phase: 'thinking', caption: { committed: 'What is a tide?', tentative: '' } },
    speaking: { phase: 'speaking', speaking: 'c1-m2' },
    contested: { phase: 'contested', speaking: 'c1-m2' },
    muted: { phase: 'muted', muted: true, microphone: { kind: 'closed' } },
    'no microphone': { phase: 'no_microphone', microphone: lost },
    'push to talk': { phase: 'waiting_for_key', mode: 'push_to_talk' },
  };

  test.each(['light', 'dark'] as const)('axe finds nothing serious in any state, %s', async (colorScheme) => {
    const page = await still({ colorScheme });
    const found: Record<string, string[]> = {};
    for (const place of ['docked', 'enlarged']) {
      for (const [name, state] of Object.entries(states)) {
        await set(page, { ...PLAIN, ...state });
        const wrong = await violations(page);
        if (wrong.length > 0) found[`${name}, ${place}`] = wrong;
      }
      if (place === 'docked') await button(page, 'Fill the window').click();
    }
    expect(found).toEqual({});
  });

  test.each(
    ['en-US', 'es-ES', 'zh-CN'].flatMap((locale) => [100, 200].map((size) => [locale, size] as const)),
  )('in %s at %d percent, 640 px wide, nothing is cut off', async (locale, size) => {
    const page = await open({
      scene: 'voice_still',
      hash: '#c=c1',
      locale,
      viewport: { width: 640, height: 800 },
    });
    await page.evaluate((text_size) => {
      const { world } = window.harkFake;
      Object.assign(world.data.settings.values['general'] ?? {}, { text_size });
      world.settingsChanged();
    }, size);
    await page.keyboard.press('Control+Shift+M');
    await phase(page, 'listening');
    await set(page, { ...states['push to talk'], caption: { committed: 'What is', tentative: 'a tide' } });
    expect(await overflows(page)).toEqual([]);
    expect(await violations(page)).toEqual([]);
  });

  test.each([1200, 700, 400])('%d px wide, the words begin where the panel does', async (width) => {
    for (const hash of ['#c=c0', '#c=c1']) {
      const page = await still({ hash, viewport: { width, height: 760 } });
      const left = (one: Locator) => one.evaluate((found) => found.getBoundingClientRect().left);
      expect(await left(answers(page).last())).toBeCloseTo(await left(panel(page)), 0);
    }
  });

  test.each([400, 1200])('%d px wide, an empty conversation shows no half suggestions', async (width) => {
    const page = await open({ scene: 'voice_still', viewport: { width, height: 700 } });
    const cut = () =>
      page.evaluate(() => {
        const end = document.querySelector('.empty')?.getBoundingClientRect().bottom ?? 0;
        return [...document.querySelectorAll('.empty *')].filter(
          (one) => one.clientHeight > 0 && one.getBoundingClientRect().bottom > end + 1,
        ).length;
      });
    expect(await cut()).toBe(0);
    await page.keyboard.press('Control+Shift+M');
    await phase(page, 'listening');
    expect(await cut()).toBe(0);
    await set(page, { phase: 'no_microphone', microphone: lost });
    await panel(page).getByText('“Yeti Stereo Microphone” is gone.').waitFor();
    expect(await cut()).toBe(0);
    await page.getByRole('heading', { name: 'Ask anything' }).waitFor();
  });

  test('everything in the panel is reached by Tab', async () => {
    const page = await still();
    const seen = new Set<string>();
    for (let n = 0; n < 8; n++) {
      await page.keyboard.press('Tab');
      seen.add(
        await page.evaluate(() => {
          const one = document.activeElement;
          return (
            one?.getAttribute('aria-label') ?? one?.getAttribute('title') ?? one?.textContent?.trim() ?? ''
          );
        }),
      );
    }
    for (const name of [
      'Fill the window',
      'Hide the voice',
      'Mute',
      'Push to talk',
      'Microphone and speaker',
    ])
      expect([...seen]).toContain(name);
  });
});
