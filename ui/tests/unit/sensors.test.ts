// @vitest-environment jsdom
/** What listens and looks, as the privacy page tells it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SensorsView, SensorUse } from '../../src/generated/api';
import { reduce } from '../../src/state/reduce';
import SensorList from '../../src/views/settings/SensorList.svelte';
import { one, Window } from './stage';
import { state } from './world';

const BEGAN = new Date('2026-03-01T10:00:00').getTime();
const use = (from: number, seconds: number | null, more: Partial<SensorUse> = {}): SensorUse => ({
  from: BEGAN + from * 1_000,
  until: seconds === null ? null : BEGAN + (from + seconds) * 1_000,
  device: 'USB',
  purpose: 'talk',
  ...more,
});
const sensors = (uses: SensorUse[], total_ms: number): SensorsView => ({
  since: BEGAN,
  sensors: [
    { sensor: 'microphone', uses, times: uses.length, total_ms },
    { sensor: 'camera', uses: [], times: 0, total_ms: 0 },
    { sensor: 'screen', uses: [], times: 0, total_ms: 0 },
  ],
});

let shown: Window;
beforeEach(() => {
  vi.useFakeTimers({ now: BEGAN + 600_000 });
});
afterEach(() => {
  shown.close();
  vi.useRealTimers();
});

async function list(view: SensorsView): Promise<void> {
  shown = new Window({ sensors: view });
  await shown.show(SensorList, () => ({ sensors: shown.app.state!.sensors }));
}
const words = (sensor: string) => one(`[data-sensor=${sensor}]`).textContent?.replace(/\s+/g, ' ') ?? '';

test('what was never on is told too', async () => {
  await list(sensors([], 0));
  for (const name of ['microphone', 'camera', 'screen'])
    expect(words(name)).toContain('Not on since Hark was started');
  expect(document.querySelector('details')).toBeNull();
});

test('what is over tells when it was, for how long, how often and what for', async () => {
  await list(sensors([use(120, 34), use(60, 5, { purpose: 'check', device: 'Built-in' })], 39_000));
  expect(words('microphone')).toMatch(/Last on 10:02.AM, for 34 sec/);
  expect(words('microphone')).toContain('On 2 times, 39 sec in all');
  expect(words('microphone')).toMatch(/10:01.AM 5 sec Sound check Built-in/);
  expect(document.querySelector('.light')).toBeNull();
});

test('what is on has a light and grows older, until it is off', async () => {
  await list(sensors([use(590, null)], 0));
  expect(one('[data-sensor=microphone] .light')).toBeTruthy();
  expect(words('microphone')).toMatch(/On since 10:09.AM, for 10 sec/);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(words('microphone')).toContain('for 15 sec');
  expect(words('microphone')).toContain('On 1 time, 15 sec in all');
  shown.emit({ kind: 'sensors', sensors: sensors([use(590, 20)], 20_000) });
  expect(words('microphone')).toMatch(/Last on 10:09.AM, for 20 sec/);
  expect(document.querySelector('.light')).toBeNull();
  expect(vi.getTimerCount()).toBe(0);
});

test('news of sensors change nothing else', () => {
  const before = state(10);
  const now = sensors([use(1, null)], 0);
  const {
    seq,
    sensors: told,
    ...rest
  } = reduce(before, { seq: 11, body: { kind: 'sensors', sensors: now } });
  expect([seq, told]).toEqual([11, now]);
  for (const key of Object.keys(rest) as (keyof typeof rest)[]) expect(rest[key]).toBe(before[key]);
});
