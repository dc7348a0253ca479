// @vitest-environment jsdom
/** What tells of the voice where its panel is not looked at: announcements, and the chip. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { VoicePhase } from '../../src/generated/api';
import Announcer from '../../src/views/voice/Announcer.svelte';
import VoiceChip from '../../src/views/voice/VoiceChip.svelte';
import { named, one, Window } from './stage';
import { voice } from './world';

let shown: Window;

afterEach(() => {
  shown.close();
  vi.useRealTimers();
});

describe('announcements', () => {
  async function announced(phases: [VoicePhase, number][]): Promise<string[]> {
    shown = new Window({ voice: voice() });
    await shown.show(Announcer, () => ({ phase: shown.app.state!.voice.phase }));
    vi.useFakeTimers();
    const said: string[] = [];
    for (const [phase, ms] of phases) {
      shown.voice({ phase });
      await vi.advanceTimersByTimeAsync(ms);
      const words = one('[data-voice-said]').textContent ?? '';
      if (words !== (said.at(-1) ?? '')) said.push(words);
    }
    return said;
  }

  test('are made of what has settled', async () => {
    expect(
      await announced([
        ['starting', 300],
        ['listening', 2000],
        ['muted', 1000],
        ['listening', 1000],
        ['off', 0],
      ]),
    ).toEqual(['Listening', 'Muted', 'Listening', 'The spoken conversation has ended.']);
  });

  test('leave the to and fro of a conversation alone', async () => {
    const turn: [VoicePhase, number][] = [
      ['hearing', 3000],
      ['thinking', 300],
      ['speaking', 4000],
      ['contested', 500],
      ['speaking', 2000],
      ['listening', 1500],
    ];
    expect(await announced([['listening', 1000], ...turn, ...turn])).toEqual(['Listening']);
  });

  test('tell of a long wait', async () => {
    expect(
      await announced([
        ['listening', 1000],
        ['thinking', 3000],
      ]),
    ).toEqual(['Listening', 'Thinking']);
  });
});

describe('the chip', () => {
  test('stands for the voice wherever its panel is not', async () => {
    shown = new Window({
      voice: voice({ phase: 'hearing', conversation: 'c1', microphone: { kind: 'open', device: 'USB' } }),
    });
    await shown.show(VoiceChip, () => ({}));
    expect(named('Hearing you').textContent).toContain('The microphone is open: USB');
    expect(shown.app.voice.panelShown).toBe(false);
    named('Hearing you').click();
    await vi.waitFor(() => expect(shown.app.voice.panelShown).toBe(true));
  });

  test('closes a microphone that no conversation uses', async () => {
    shown = new Window({ voice: voice({ microphone: { kind: 'open', device: 'USB' } }) });
    await shown.show(VoiceChip, () => ({}));
    named('Close the microphone').click();
    await vi.waitFor(() => expect(shown.names()).toEqual(['stop_voice']));
  });

  test('is not there when nothing is on', async () => {
    shown = new Window();
    await shown.show(VoiceChip, () => ({}));
    expect(document.querySelector('button')).toBeNull();
  });
});
