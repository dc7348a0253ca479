// @vitest-environment jsdom
/** The voice's panel as a person meets it: states, keys, meters. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EngineView, SoundReason, SoundSide, VoicePhase, VoiceView } from '../../src/generated/api';
import { ApiFailure } from '../../src/host';
import { CATALOGUES, setLanguage } from '../../src/i18n/index.svelte';
import MicrophoneCheck from '../../src/views/voice/MicrophoneCheck.svelte';
import VoicePanel from '../../src/views/voice/VoicePanel.svelte';
import { named, one, press, Window } from './stage';
import { voice } from './world';

let frames: FrameRequestCallback[];
let now: number;
let shown: Window;

beforeEach(() => {
  frames = [];
  now = 0;
  vi.stubGlobal('requestAnimationFrame', (call: FrameRequestCallback) => frames.push(call));
  vi.stubGlobal('cancelAnimationFrame', () => undefined);
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  shown.close();
  setLanguage('en');
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function panel(more: Parameters<typeof voice>[0] = {}, full = false): Promise<Window> {
  shown = new Window({ voice: voice({ phase: 'listening', ...more }) });
  await shown.show(VoicePanel, () => ({ state: shown.app.state!, full }));
  return shown;
}

const lost = (device: string | null, sound: SoundReason): SoundSide => ({
  kind: 'lost',
  device,
  error: { code: 'sound', message: 'An English sentence.', sound },
});

const WORDS: Record<Exclude<VoicePhase, 'off'>, string> = {
  starting: 'Getting ready',
  listening: 'Listening',
  hearing: 'Hearing you',
  thinking: 'Thinking',
  speaking: 'Speaking',
  contested: 'Paused',
  muted: 'Muted',
  no_microphone: 'No microphone',
  waiting_for_key: 'Waiting for the key',
};

describe('the panel', () => {
  test.each(Object.entries(WORDS))('in %s says “%s”', async (phase, word) => {
    await panel({ phase: phase as VoicePhase });
    expect(one('.word').textContent).toBe(word);
  });

  test('has a light, with words, exactly as long as the microphone is open', async () => {
    const window = await panel({ microphone: { kind: 'open', device: 'USB' } });
    expect(one('.light').textContent).toContain('The microphone is open: USB');
    window.voice({ phase: 'muted', muted: true });
    expect(document.querySelector('.light')).toBeNull();
  });

  test('shows what may change apart from what will not', async () => {
    await panel({ phase: 'hearing', caption: { committed: 'What is', tentative: 'the sea' } });
    expect(one('.captions .ours').textContent).toContain('What is');
    expect(one('.tentative').textContent).toBe('the sea');
  });

  test('is muted by button and by M, but not by typing', async () => {
    const window = await panel();
    named('Mute').click();
    press(one('.voice'), 'keydown', 'm');
    press(one('.voice'), 'keydown', 'm', { ctrlKey: true });
    const field = document.createElement('input');
    one('.voice').append(field);
    press(field, 'keydown', 'm');
    await vi.waitFor(() => expect(window.names()).toEqual(['mute_voice', 'mute_voice']));
    expect(window.calls[0]).toEqual(['mute_voice', { muted: true }]);
    window.voice({ phase: 'muted', muted: true });
    expect(named('Unmute').getAttribute('aria-pressed')).toBe('true');
  });

  test('on Esc stops the reply first, and ends then', async () => {
    const window = await panel({ phase: 'speaking', speaking: 'a1' });
    press(one('.voice'), 'keydown', 'Escape');
    await vi.waitFor(() => expect(window.names()).toEqual(['stop_speaking']));
    window.voice({ phase: 'listening' });
    press(one('.voice'), 'keydown', 'Escape');
    await vi.waitFor(() => expect(window.names()).toEqual(['stop_speaking', 'stop_voice']));
  });

  test('tells what is wrong and what to do', async () => {
    await panel({
      phase: 'no_microphone',
      microphone: lost('USB', { kind: 'no_microphone' }),
    });
    const card = one('.card');
    expect(card.textContent).toContain('“USB” is gone.');
    expect(card.textContent).toContain('it is found by itself. What you write is still answered aloud.');
    named('Open the voice settings').click();
    expect(shown.app.ui.dialog).toBe('settings');
    expect(shown.app.ui.settingsPage).toBe('voice');
  });

  const REASONS: SoundReason[] = [
    { kind: 'no_microphone' },
    { kind: 'not_there', device: 'USB' },
    { kind: 'not_allowed' },
    { kind: 'server_gone' },
    { kind: 'busy', device: 'USB' },
    { kind: 'no_format', device: 'USB' },
    { kind: 'only_zeros' },
    { kind: 'clipping' },
  ];
  test.each(Object.keys(CATALOGUES).flatMap((code) => REASONS.map((sound) => [code, sound] as const)))(
    'in %s says %j in that language alone',
    async (code, sound) => {
      setLanguage(code);
      await panel({ problem: { code: 'sound', message: 'An English sentence.', sound } });
      const words = one('.card').textContent ?? '';
      expect(words).not.toContain('An English sentence.');
      expect(words).not.toContain('{');
      if ('device' in sound) expect(words).toContain(sound.device);
      expect(one('.card .detail').textContent).not.toBe('');
    },
  );

  test.each([
    ['recogniser_failed', 'Your words could not be written down. The engine stopped.', 'The engine stopped.'],
    ['device_failed', 'The sound device failed: EPIPE', 'The sound device failed: EPIPE'],
    ['voice_failed', 'Out of memory.', 'Out of memory.'],
  ] as const)('says after %s what the application said more', async (kind, message, detail) => {
    await panel({ problem: { code: 'sound', message, sound: { kind } } });
    expect(one('.card .detail').textContent).toBe(detail);
  });

  const LOADING: EngineView = { kind: 'loading', model: 'M', progress: 0.42 };
  test.each<[Partial<VoiceView>, EngineView, string]>([
    [{ phase: 'starting', waits_for: 'model' }, { kind: 'no_model' }, 'Loading the model'],
    [{ phase: 'starting', waits_for: 'model' }, LOADING, 'Loading M, 42%'],
    [{ phase: 'starting', waits_for: 'speech' }, LOADING, 'Starting speech recognition'],
    [{ phase: 'muted', muted: true }, LOADING, 'Nothing you say is heard.'],
    [{ phase: 'waiting_for_key', mode: 'push_to_talk' }, LOADING, 'Hold the button'],
    [{ phase: 'listening' }, LOADING, 'Say something'],
  ])('in %j tells what there is to know', async (state, engine, hint) => {
    shown = new Window({ voice: voice(state), engine });
    await shown.show(VoicePanel, () => ({ state: shown.app.state!, full: false }));
    expect(one('.captions .hint').textContent).toContain(hint);
  });

  test('keeps only the hints that are needed beside words', async () => {
    const caption = { committed: 'What is', tentative: '' };
    const window = await panel({ phase: 'listening', caption });
    expect(document.querySelector('.hint')).toBeNull();
    window.voice({ phase: 'muted', muted: true, caption });
    expect(one('.hint').textContent).toContain('Nothing you say is heard.');
  });

  test('shows the same trouble once, however often it is told', async () => {
    const error = { code: 'sound', message: 'The sound server is gone.' } as const;
    await panel({
      microphone: { kind: 'lost', device: null, error },
      speaker: { kind: 'lost', device: null, error },
      problem: error,
    });
    expect(document.querySelectorAll('.card')).toHaveLength(1);
  });

  test('that could not begin offers the models that are missing', async () => {
    shown = new Window({ engine: { kind: 'idle', model: 'M' } });
    shown.failing.set(
      'start_voice',
      new ApiFailure({ code: 'no_model', message: 'Nothing recognises speech.' }),
    );
    await shown.show(VoicePanel, () => ({ state: shown.app.state!, full: false }));
    await shown.app.voice.start();
    expect(shown.app.voice.panelShown).toBe(true);
    await vi.waitFor(() => named('Download voice models').click());
    expect(shown.app.ui.settingsPage).toBe('models');
    expect(document.querySelector('.captions')).toBeNull();
    expect(one('.word').textContent).toBe('Could not begin');
    named('Dismiss').click();
    expect(shown.app.voice.panelShown).toBe(false);
  });
});

describe('push to talk', () => {
  const keys = (window: Window) =>
    window.calls.flatMap(([name, args]) => (name === 'talk_key' ? [(args as { down: boolean }).down] : []));
  const talk = async () => {
    const window = await panel({ phase: 'waiting_for_key', mode: 'push_to_talk' });
    return { window, button: one('[data-talk]') };
  };
  const pointer = (target: EventTarget, type: string) =>
    target.dispatchEvent(
      Object.assign(new MouseEvent(type, { bubbles: true, button: 0, detail: 1 }), { pointerId: 1 }),
    );

  beforeEach(() => {
    Element.prototype.setPointerCapture = () => undefined;
  });

  test('by Space on the panel; let go anywhere', async () => {
    const { window } = await talk();
    press(one('.voice'), 'keydown', ' ');
    press(one('.voice'), 'keydown', ' ', { repeat: true });
    press(document.body, 'keyup', ' ');
    await vi.waitFor(() => expect(keys(window)).toEqual([true, false]));
  });

  test('by pointer; let go outside', async () => {
    const { window, button } = await talk();
    pointer(button, 'pointerdown');
    expect(button.getAttribute('aria-pressed')).toBe('false');
    pointer(document.body, 'pointerup');
    await vi.waitFor(() => expect(keys(window)).toEqual([true, false]));
  });

  test('ends when the window is left, and when the panel goes away', async () => {
    const { window } = await talk();
    press(one('[data-talk]'), 'keydown', ' ');
    globalThis.dispatchEvent(new Event('blur'));
    await vi.waitFor(() => expect(keys(window)).toEqual([true, false]));
    press(one('[data-talk]'), 'keydown', ' ');
    window.close();
    await vi.waitFor(() => expect(keys(window)).toEqual([true, false, true, false]));
  });

  test('by one press and another, for who cannot hold', async () => {
    const { window, button } = await talk();
    button.click();
    await vi.waitFor(() => expect(keys(window)).toEqual([true]));
    expect(button.getAttribute('aria-pressed')).toBe('true');
    button.click();
    await vi.waitFor(() => expect(keys(window)).toEqual([true, false]));
  });

  test('leaves Space to the other buttons', async () => {
    const { window } = await talk();
    press(named('Mute'), 'keydown', ' ');
    press(named('Mute'), 'keyup', ' ');
    expect(keys(window)).toEqual([]);
  });

  test('hands-free has no such button, and Space does nothing', async () => {
    const window = await panel();
    expect(document.querySelector('[data-talk]')).toBeNull();
    press(one('.voice'), 'keydown', ' ');
    expect(window.calls).toEqual([]);
    named('Push to talk').click();
    await vi.waitFor(() => expect(window.calls).toEqual([['choose_voice_mode', { mode: 'push_to_talk' }]]));
  });
});

describe('levels', () => {
  const levels = (user: number, assistant = 0) =>
    shown.emit({ kind: 'voice_levels', levels: { user, assistant } });
  const frame = () => {
    now += 34;
    for (const call of frames.splice(0)) call(now);
  };

  test('move the shape only while they come, and until it is at rest', async () => {
    await panel();
    expect(frames).toHaveLength(0);
    const before = one('.body').getAttribute('d');
    levels(0.8);
    expect(frames).toHaveLength(1);
    frame();
    expect(one('.body').getAttribute('d')).not.toBe(before);
    for (let n = 0; n < 300 && frames.length > 0; n++) frame();
    expect(frames).toHaveLength(0);
    expect(one('.body').getAttribute('d')).toBe(before);
  });

  test('with less motion are two plain bars, without animation frames', async () => {
    await panel();
    shown.app.ui.lessMotion = true;
    await vi.waitFor(() => one('[data-shape=bars]'));
    levels(0.8, 0.25);
    expect(frames).toHaveLength(0);
    expect(one('[data-shape=bars]').style.getPropertyValue('--user')).toBe('0.8');
    expect(one('[data-shape=bars]').style.getPropertyValue('--assistant')).toBe('0.25');
    expect(document.querySelector('[data-shape=contour]')).toBeNull();
  });

  test('do not touch the state that the views read', async () => {
    const window = await panel();
    const before = window.app.state;
    for (let n = 0; n < 90; n++) levels(n / 90);
    expect(window.app.state).toBe(before);
  });
});

describe('the microphone check', () => {
  const check = async (more: Parameters<typeof voice>[0] = {}) => {
    shown = new Window({ voice: voice(more) });
    await shown.show(MicrophoneCheck, () => ({ voice: shown.app.state!.voice }));
    return shown;
  };

  test('opens the microphone when asked, and closes it when it goes away', async () => {
    const window = await check();
    expect(window.calls).toEqual([]);
    named('Try the microphone').click();
    await vi.waitFor(() => expect(window.names()).toEqual(['check_microphone']));
    window.voice({ microphone: { kind: 'open', device: 'USB' } });
    expect(one('.light').textContent).toContain('USB');
    window.close();
    await vi.waitFor(() => expect(window.names()).toEqual(['check_microphone', 'stop_voice']));
  });

  test('leaves a conversation alone', async () => {
    const window = await check({ phase: 'listening', microphone: { kind: 'open', device: 'USB' } });
    named('Play a test tone').click();
    await vi.waitFor(() => expect(window.names()).toEqual(['play_test_tone']));
    window.close();
    await Promise.resolve();
    expect(window.names()).toEqual(['play_test_tone']);
  });

  test('says why it cannot be made', async () => {
    const window = await check();
    window.failing.set('check_microphone', new ApiFailure({ code: 'sound', message: 'No sound server.' }));
    named('Try the microphone').click();
    await vi.waitFor(() => expect(document.body.textContent).toContain('No sound server.'));
  });
});
