import { describe, expect, test } from 'vitest';
import type { ConversationView, Snapshot, UiEvent } from '../../src/generated/api';
import { Feed } from '../../src/state/feed';
import { conversation, message, snapshot, summary } from './world';

/** A promise that the test fulfils. */
function later<T>() {
  let give!: (value: T) => void;
  const promise = new Promise<T>((resolve) => (give = resolve));
  return { promise, give };
}

function named(seq: number, id: string): UiEvent {
  return { seq, body: { kind: 'conversation_changed', conversation: summary(id) } };
}

function delta(seq: number, text: string): UiEvent {
  return { seq, body: { kind: 'delta', conversation: 'c1', message: 'a1', text, thinking: '' } };
}

function feed(ports: { snapshot?: () => Promise<Snapshot>; open?: () => Promise<ConversationView> }) {
  const failures: unknown[] = [];
  const made = new Feed({
    snapshot: ports.snapshot ?? (() => Promise.resolve(snapshot(5))),
    openConversation: ports.open ?? (() => Promise.resolve(conversation(5, [message('a1', { text: '' })]))),
    changed: () => undefined,
    levels: () => undefined,
    failed: (error) => failures.push(error),
  });
  return { made, failures };
}

const listed = (made: Feed) => made.state?.list.items.map((one) => one.id).sort();
const text = (made: Feed) => made.state?.open?.messages[0]?.text;

describe('the feed', () => {
  test('keeps what comes before the snapshot and applies only what is newer', async () => {
    const reply = later<Snapshot>();
    const { made } = feed({ snapshot: () => reply.promise });
    const synced = made.resync();
    for (const event of [named(4, 'old'), named(5, 'contained'), named(6, 'new')]) made.take(event);
    reply.give(snapshot(5));
    await synced;
    expect(listed(made)).toEqual(['new']);
    expect(made.state?.seq).toBe(6);
  });

  test('takes a new snapshot after a gap', async () => {
    const replies = [snapshot(5), snapshot(9, { version: 'second' })];
    const { made } = feed({ snapshot: () => Promise.resolve(replies.shift() ?? snapshot(0)) });
    await made.resync();
    made.take(named(8, 'after a gap'));
    await expect.poll(() => made.state?.version).toBe('second');
    expect(made.state?.lost).toBe(false);
    made.take(named(10, 'goes on'));
    expect(listed(made)).toEqual(['goes on']);
  });

  test('applies to a conversation what came while it was being opened', async () => {
    const reply = later<ConversationView>();
    const { made } = feed({ open: () => reply.promise });
    await made.resync();
    const opening = made.open('c1');
    made.take(delta(6, 'in the reply '));
    made.take(delta(7, 'missed'));
    reply.give(conversation(6, [message('a1', { text: 'in the reply ' })]));
    await opening;
    expect(text(made)).toBe('in the reply missed');
  });

  test('a reply that is ahead of the stream is not changed by older events', async () => {
    const { made } = feed({ open: () => Promise.resolve(conversation(7, [message('a1', { text: 'ab' })])) });
    await made.resync();
    await made.open('c1');
    for (const event of [delta(6, 'a'), delta(7, 'b'), delta(8, 'c')]) made.take(event);
    expect(text(made)).toBe('abc');
  });

  test('of two openings the last one wins, whichever is answered last', async () => {
    const replies = [later<ConversationView>(), later<ConversationView>()];
    let call = 0;
    const { made } = feed({ open: () => replies[call++]!.promise });
    await made.resync();
    const first = made.open('first');
    const second = made.open('second');
    replies[1]!.give({ ...conversation(5, []), id: 'second' });
    await second;
    replies[0]!.give({ ...conversation(5, []), id: 'first' });
    await first;
    expect(made.state?.open?.id).toBe('second');
  });

  test('what was open stays open over a new snapshot, as it is now', async () => {
    let words = 'before';
    const { made } = feed({
      open: () => Promise.resolve(conversation(5, [message('a1', { text: words })])),
    });
    await made.resync();
    await made.open('c1');
    words = 'after';
    await made.resync();
    expect(text(made)).toBe('after');
  });

  test('a snapshot that fails is told', async () => {
    const { made, failures } = feed({ snapshot: () => Promise.reject(new Error('gone')) });
    await made.resync();
    expect(failures).toHaveLength(1);
    expect(made.state).toBeNull();
  });
});
