// @vitest-environment jsdom
/** The next pages of the list, as they are asked for and as they come. */
import { beforeEach, expect, test } from 'vitest';
import type { ConversationPage, Snapshot } from '../../src/generated/api';
import { ApiFailure, type Host } from '../../src/host';
import { App } from '../../src/state/app.svelte';
import { snapshot, summary } from './world';

const page = (from: number, next: string | null): ConversationPage => ({
  items: [0, 1].map((n) => summary(`c${from + n}`, { updated: 1_000 - from - n })),
  next,
});

let first: Snapshot;
let asked: {
  cursor: string | null;
  answer: (page: ConversationPage) => Promise<void>;
  fail: () => Promise<void>;
}[];
let app: App;

beforeEach(async () => {
  asked = [];
  first = snapshot(1, { conversations: page(0, 'b') });
  const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
  const call = (name: string, args: unknown): Promise<unknown> => {
    if (name === 'snapshot') return Promise.resolve(first);
    return new Promise((resolve, reject) => {
      asked.push({
        cursor: (args as { cursor: string | null }).cursor,
        answer: (with_) => (resolve(with_), settled()),
        fail: () => (reject(new ApiFailure({ code: 'other', message: 'no' })), settled()),
      });
    });
  };
  app = new App({
    call: call as Host['call'],
    listen: () => Promise.resolve(() => undefined),
    openExternal: () => undefined,
  });
  await app.start();
});

const shown = () => app.state?.list.items.map((one) => one.id).join(' ');
const cursors = () => asked.map((one) => one.cursor).join(' ');

test('a page is asked for once, however often it is wanted', async () => {
  void app.more();
  void app.more();
  expect(cursors()).toBe('b');
  await asked[0]?.answer(page(2, 'c'));
  expect(shown()).toBe('c0 c1 c2 c3');
  void app.more();
  expect(cursors()).toBe('b c');
});

test('after the last one nothing is asked', async () => {
  void app.more();
  await asked[0]?.answer(page(2, null));
  void app.more();
  expect(cursors()).toBe('b');
});

test('one that failed can be asked for again', async () => {
  void app.more();
  await asked[0]?.fail();
  void app.more();
  expect(cursors()).toBe('b b');
});

test('a list taken anew meanwhile grows by its own pages', async () => {
  void app.more();
  first = snapshot(9, { conversations: page(10, 'k') });
  app.retryStart();
  await new Promise((resolve) => setTimeout(resolve));
  void app.more();
  expect(cursors()).toBe('b k');
  await asked[0]?.answer(page(2, 'c'));
  expect(shown()).toBe('c10 c11');
  await asked[1]?.answer(page(12, 'l'));
  expect(shown()).toBe('c10 c11 c12 c13');
});
