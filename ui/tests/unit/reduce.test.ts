import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { UiEvent, UiEventBody } from '../../src/generated/api';
import { neighbour, phaseOf } from '../../src/state/conversation';
import { reduce } from '../../src/state/reduce';
import { message, state, summary } from './world';

interface Recording {
  about: string;
  events: UiEvent[];
  texts: string[];
  thinking: string[];
  states: string[];
  ids: string[];
}

const folder = join(import.meta.dirname, '../events');
const recordings = readdirSync(folder).map(
  (name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recording] as const,
);

describe.each(recordings)('recorded events: %s', (_name, recording) => {
  test('end where they ended', () => {
    const end = recording.events.reduce(reduce, state(10));
    expect(end.lost).toBe(false);
    const messages = end.open?.messages ?? [];
    expect(messages.map((one) => one.id)).toEqual(recording.ids);
    expect(messages.map((one) => one.text)).toEqual(recording.texts);
    expect(messages.map((one) => one.thinking)).toEqual(recording.thinking);
    expect(messages.map((one) => one.state.kind)).toEqual(recording.states);
  });

  test('told twice change nothing', () => {
    const twice = recording.events.flatMap((event) => [event, event]);
    expect(twice.reduce(reduce, state(10))).toEqual(recording.events.reduce(reduce, state(10)));
  });

  test('with one missing stop there and say so', () => {
    for (let gap = 0; gap < recording.events.length - 1; gap++) {
      const holed = recording.events.filter((_, n) => n !== gap);
      const end = holed.reduce(reduce, state(10));
      expect(end.lost).toBe(true);
      expect(end.seq).toBe(10 + gap);
    }
  });
});

const after = (body: UiEventBody, messages = [message('u1'), message('a1')]) =>
  reduce(state(10, messages), { seq: 11, body });

describe('one event', () => {
  test('a delta makes a new object of its message alone', () => {
    const before = state(10, [message('u1'), message('a1', { state: { kind: 'streaming' } })]);
    const next = reduce(before, {
      seq: 11,
      body: { kind: 'delta', conversation: 'c1', message: 'a1', text: '!', thinking: '' },
    });
    expect(next.open?.messages[0]).toBe(before.open?.messages[0]);
    expect(next.open?.messages[1]).not.toBe(before.open?.messages[1]);
    expect(next.list).toBe(before.list);
  });

  test('a path after a message that is not here means that something was missed', () => {
    const next = after({ kind: 'path', conversation: 'c1', after: 'u9', messages: [] });
    expect(next.lost).toBe(true);
  });

  test('reading is told until words come', () => {
    const reading = after({ kind: 'reading', conversation: 'c1', message: 'a1', done: 1, total: 4 });
    expect(reading.open?.reading).toEqual({ message: 'a1', done: 1, total: 4 });
    const body = { kind: 'delta', conversation: 'c1', message: 'a1', text: 'x', thinking: '' } as const;
    expect(reduce(reading, { seq: 12, body }).open?.reading).toBeNull();
  });

  test('a changed conversation changes the open one and the list', () => {
    const next = after({
      kind: 'conversation_changed',
      conversation: summary('c1', { title: 'Named', pinned: true, model: 'server:x' }),
    });
    expect(next.open).toMatchObject({ title: 'Named', pinned: true, model: 'server:x' });
    expect(next.list.items).toHaveLength(1);
  });

  test('a removed conversation is closed', () => {
    expect(after({ kind: 'conversation_removed', id: 'c1' }).open).toBeNull();
    expect(after({ kind: 'conversation_removed', id: 'c2' }).open).not.toBeNull();
  });

  test('a draft given back is told to the field', () => {
    const next = after({ kind: 'draft', conversation: 'c1', text: 'was waiting' });
    expect(next.open).toMatchObject({ draft: 'was waiting', draftsGiven: 1 });
  });

  test('downloads come, move and go', () => {
    const download = {
      model: 'm',
      state: { kind: 'running' },
      done_bytes: 1,
      total_bytes: 2,
      bytes_per_s: 1,
      seconds_left: 1,
    } as const;
    const first = after({ kind: 'download', download });
    const moved = reduce(first, {
      seq: 12,
      body: { kind: 'download', download: { ...download, done_bytes: 2 } },
    });
    expect(moved.downloads).toEqual([{ ...download, done_bytes: 2 }]);
    expect(reduce(moved, { seq: 13, body: { kind: 'download_ended', model: 'm' } }).downloads).toEqual([]);
  });

  test('a notice told again replaces itself, and goes', () => {
    const notice = { id: 'n', error: { code: 'disk_full', message: 'Full.' } } as const;
    const twice = reduce(after({ kind: 'notice', notice }), { seq: 12, body: { kind: 'notice', notice } });
    expect(twice.notices).toEqual([notice]);
    expect(reduce(twice, { seq: 13, body: { kind: 'notice_gone', id: 'n' } }).notices).toEqual([]);
  });
});

describe('a message', () => {
  test.each([
    [{ text: '', thinking: '' }, 'reading'],
    [{ text: '', thinking: 'hm' }, 'thinking'],
    [{ text: 'a', thinking: 'hm' }, 'writing'],
  ] as const)('with %j is %s', (parts, phase) => {
    expect(phaseOf(message('a1', { ...parts, state: { kind: 'streaming' } }))).toBe(phase);
    expect(phaseOf(message('a1', { ...parts, state: { kind: 'stopped' } }))).toBe('done');
  });

  test('knows its neighbours among the versions', () => {
    const second = message('b', { versions: ['a', 'b', 'c'] });
    expect([neighbour(second, -1), neighbour(second, 1)]).toEqual(['a', 'c']);
    expect(neighbour(message('a', { versions: ['a', 'b'] }), -1)).toBeNull();
  });
});
