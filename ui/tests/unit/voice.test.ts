/** The spoken conversation as plain data: events, captions, times, choices. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelView, TurnTimingsView, UiEvent } from '../../src/generated/api';
import { Feed } from '../../src/state/feed';
import { Hold } from '../../src/state/hold';
import { together } from '../../src/state/models';
import { reduce } from '../../src/state/reduce';
import {
  captions,
  deviceOptions,
  isAnnounced,
  lastWords,
  voiceStarters,
  waterfall,
  withChosen,
} from '../../src/state/voice';
import { contour, History } from '../../src/views/voice/contour';
import { conversation, message, snapshot, state, voice } from './world';

const levels = (seq: number, user: number): UiEvent => ({
  seq,
  body: { kind: 'voice_levels', levels: { user, assistant: 0 } },
});

describe('events', () => {
  test('a voice event is the voice as it is now', () => {
    const now = voice({ phase: 'listening', conversation: 'c1' });
    const next = reduce(state(10), { seq: 11, body: { kind: 'voice', voice: now } });
    expect(next.voice).toEqual(now);
  });

  test('levels change nothing but themselves', () => {
    const before = state(10, [message('u1')]);
    const { seq, levels: now, ...rest } = reduce(before, levels(11, 0.5));
    expect(seq).toBe(11);
    expect(now).toEqual({ user: 0.5, assistant: 0 });
    for (const key of Object.keys(rest) as (keyof typeof rest)[]) expect(rest[key]).toBe(before[key]);
  });

  test('levels go to the meters alone, and leave no gap behind', async () => {
    const told = { state: 0, levels: 0 };
    const feed = new Feed({
      snapshot: () => Promise.resolve(snapshot(5)),
      openConversation: () => Promise.resolve(conversation(5, [])),
      changed: () => told.state++,
      levels: () => told.levels++,
      failed: () => undefined,
    });
    await feed.resync();
    const before = told.state;
    for (let seq = 6; seq < 306; seq++) feed.take(levels(seq, seq / 306));
    expect(told).toEqual({ state: before, levels: 300 });
    feed.take({ seq: 306, body: { kind: 'voice', voice: voice({ phase: 'hearing' }) } });
    expect(feed.state).toMatchObject({ lost: false, seq: 306, voice: { phase: 'hearing' } });
    expect(told.state).toBe(before + 1);
  });

  test('a gap before levels is noticed all the same', async () => {
    let snapshots = 0;
    const feed = new Feed({
      snapshot: () => Promise.resolve(snapshot(++snapshots * 5)),
      openConversation: () => Promise.resolve(conversation(5, [])),
      changed: () => undefined,
      levels: () => undefined,
      failed: () => undefined,
    });
    await feed.resync();
    feed.take(levels(9, 0.1));
    await expect.poll(() => snapshots).toBe(2);
  });
});

describe('captions', () => {
  test.each([
    ['short enough', 40, 'short enough'],
    ['one two three four', 10, '…three four'],
    ['**Bold** and `code`\n# Head', 40, 'Bold and code Head'],
    ['海水每天涨落两次因为有两个隆起', 6, '…为有两个隆起'],
    ['', 10, ''],
  ])('of “%s” the last %d characters', (text, most, expected) => {
    expect(lastWords(text, most)).toBe(expected);
  });

  test('never longer than asked for, but for the mark', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 80 }), (text, most) => {
        expect(lastWords(text, most).length).toBeLessThanOrEqual(most + 1);
      }),
    );
  });

  const messages = [message('u1'), message('a1'), message('u2'), message('a2', { text: 'as far as heard' })];

  test('what is being said stands before what was said', () => {
    const now = voice({ caption: { committed: 'And now', tentative: 'this' }, speaking: null });
    expect(captions(now, messages, 'a2', 80)).toEqual({
      user: { committed: 'And now', tentative: 'this', live: true },
      assistant: { text: 'as far as heard', live: false },
    });
  });

  test('while a reply is spoken, the question stays', () => {
    const shown = captions(voice({ speaking: 'a2' }), messages, 'a2', 80);
    expect(shown.user).toEqual({ committed: 'text of u2', tentative: '', live: false });
    expect(shown.assistant).toEqual({ text: 'as far as heard', live: true });
  });

  test('what was written before the voice began is not shown', () => {
    const shown = captions(voice(), messages, null, 80);
    expect([shown.user.committed, shown.assistant.text]).toEqual(['', '']);
  });
});

describe('the times of a reply', () => {
  const timings: TurnTimingsView = {
    silence_seen: 70,
    transcript_final: 150,
    end_believed: 130,
    first_token: 200,
    first_audio: 230,
    first_sound: 240,
  };
  const bar = (stage: string, of: TurnTimingsView = timings) =>
    waterfall(of).find((one) => one.stage === stage);

  test('each bar begins where what it waited for ended', () => {
    expect(bar('end_believed')).toMatchObject({ at: 130, from: 70 / 240, to: 130 / 240 });
    expect(bar('first_token')).toMatchObject({ from: 150 / 240, to: 200 / 240 });
    expect(bar('first_sound')).toMatchObject({ from: 230 / 240, to: 1 });
    expect(bar('first_sound', { ...timings, end_believed: 236 })).toMatchObject({ from: 236 / 240 });
  });

  test('what is not known has no bar, and what follows it begins earlier', () => {
    const holed = { ...timings, transcript_final: null, first_token: null };
    expect(bar('first_token', holed)).toEqual({ stage: 'first_token', at: null, from: 0, to: 0 });
    expect(bar('first_audio', holed)).toMatchObject({ from: 0 });
  });

  test('whatever is told, bars stay inside and never run backwards', () => {
    const ms = fc.option(fc.double({ min: -500, max: 5000, noNaN: true }));
    fc.assert(
      fc.property(fc.tuple(ms, ms, ms, ms, ms, ms), ([a, b, c, d, e, f]) => {
        for (const { from, to } of waterfall({
          silence_seen: a,
          transcript_final: b,
          end_believed: c,
          first_token: d,
          first_audio: e,
          first_sound: f,
        })) {
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeGreaterThanOrEqual(from);
          expect(to).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe('the talk key', () => {
  function hold() {
    const told: boolean[] = [];
    return { told, key: new Hold((down) => told.push(down)) };
  }

  test('goes down once and up once, whatever repeats', () => {
    const { told, key } = hold();
    for (let n = 0; n < 5; n++) key.press('keyboard');
    key.release('keyboard');
    key.release('keyboard');
    expect(told).toEqual([true, false]);
  });

  test('stays down while anything holds it', () => {
    const { told, key } = hold();
    key.press('pointer');
    key.press('keyboard');
    key.release('pointer');
    expect(key.down).toBe(true);
    key.release('keyboard');
    expect(told).toEqual([true, false]);
  });

  test('is up when the window is left', () => {
    const { told, key } = hold();
    key.releaseAll();
    key.press('latch');
    key.releaseAll();
    key.release('latch');
    expect(told).toEqual([true, false]);
  });
});

describe('choices', () => {
  const words = {
    automatic: 'System',
    automaticNamed: (name: string) => `System (${name})`,
    missing: (name: string) => `${name} (gone)`,
  };
  const devices = [
    { name: 'a', label: 'Built-in', is_default: true },
    { name: 'b', label: 'USB', is_default: false },
  ];

  test('the system’s default comes first, by name where it is known', () => {
    expect(deviceOptions(devices, '', words).map((one) => one.name)).toEqual([
      'System (Built-in)',
      'Built-in',
      'USB',
    ]);
    expect(deviceOptions([], '', words)).toEqual([{ value: '', name: 'System' }]);
  });

  test('what is chosen and not there stays to be seen', () => {
    expect(deviceOptions(devices, 'c', words).at(-1)).toEqual({ value: 'c', name: 'c (gone)' });
    expect(withChosen([{ value: 'c', name: 'C' }], 'c', words)).toHaveLength(1);
  });

  const model = (id: string, task: string, here = false) =>
    ({
      id,
      task,
      place: here ? { kind: 'installed', path: '', imported: false } : { kind: 'available' },
    }) as ModelView;
  const ids = (models: ModelView[]) => voiceStarters(models).map((one) => one.id);

  test('of each thing that is needed one model, preferably one that is here', () => {
    const rest = [model('turn', 'end_of_turn'), model('vad', 'voice_activity'), model('ort', 'runtime')];
    const stt = [model('moon', 'speech_to_text'), model('whisper', 'speech_to_text')];
    expect(ids([model('chat', 'chat'), ...stt, ...rest])).toEqual(['moon', 'turn', 'vad', 'ort']);
    expect(ids([stt[0]!, model('whisper', 'speech_to_text', true)])).toEqual(['whisper']);
    expect(ids([])).toEqual([]);
  });

  test('several downloads are shown as one', () => {
    const download = {
      model: 'a',
      state: { kind: 'running' },
      done_bytes: 10,
      total_bytes: 40,
      bytes_per_s: 5,
      seconds_left: 6,
    } as const;
    expect(together([download, { ...download, model: 'b', done_bytes: 30, seconds_left: 2 }])).toMatchObject({
      done_bytes: 40,
      total_bytes: 80,
      bytes_per_s: 10,
      seconds_left: 6,
    });
    expect(together([download, { ...download, total_bytes: null }])?.total_bytes).toBeNull();
    expect(together([])).toBeNull();
  });
});

test('a screen reader is not told what is heard anyway', () => {
  const told = (
    [
      'off',
      'starting',
      'listening',
      'hearing',
      'thinking',
      'speaking',
      'contested',
      'muted',
      'no_microphone',
      'waiting_for_key',
    ] as const
  ).filter(isAnnounced);
  expect(told).toEqual([
    'starting',
    'listening',
    'thinking',
    'contested',
    'muted',
    'no_microphone',
    'waiting_for_key',
  ]);
});

describe('the shape', () => {
  const loud = (history: History, user: number, assistant: number, times = 20) => {
    for (let n = 0; n < times; n++) history.push({ user, assistant });
    return history.heights(1);
  };
  const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;

  test('is wide on the side of who speaks', () => {
    const heights = loud(new History(), 0.8, 0);
    const half = Math.floor(heights.length / 2);
    expect(mean(heights.slice(half + 12))).toBeGreaterThan(0.1);
    expect(mean(heights.slice(0, half - 12))).toBe(0);
    const other = loud(new History(), 0, 0.8);
    expect(other).toEqual([...heights].reverse());
  });

  test('comes to rest, and a quiet room does not move it', () => {
    const history = new History();
    expect(loud(history, 0.03, 0.02).every((one) => one === 0)).toBe(true);
    expect(history.flat).toBe(true);
    loud(history, 0.9, 0.9);
    expect(history.flat).toBe(false);
    loud(history, 0, 0, 60);
    expect(history.flat).toBe(true);
  });

  test('never leaves its box', () => {
    const level = fc.double({ min: 0, max: 4, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(level, level), { maxLength: 60 }), level, (all, passed) => {
        const history = new History();
        for (const [user, assistant] of all) history.push({ user, assistant });
        const path = contour(history.heights(passed), 0.02, 1.6);
        expect(path).not.toMatch(/NaN|Infinity/);
        const numbers = path.match(/-?\d+\.?\d*/g)?.map(Number) ?? [];
        for (let n = 0; n + 1 < numbers.length; n += 2) {
          expect(Math.abs(numbers[n] ?? 0)).toBeLessThanOrEqual(200);
          expect(Math.abs(numbers[n + 1] ?? 0)).toBeLessThanOrEqual(50);
        }
      }),
      { numRuns: 30 },
    );
  });
});
