/** The HTTP host against a real server on loopback; its events against a scripted socket. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { httpHost, retryDelay } from '../../src/host/http';
import { isExternal, toFailure } from '../../src/host/types';

describe('commands', () => {
  let server: Server;
  let origin = '';
  const seen: { url: string; token: string; body: string }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({ url: request.url ?? '', token: request.headers.authorization ?? '', body });
        if (request.url === '/api/command/stop') {
          response
            .writeHead(404)
            .end(JSON.stringify({ code: 'not_found', message: 'No such conversation.' }));
        } else if (request.url === '/api/command/snapshot') response.writeHead(502).end('<html>');
        else response.end(JSON.stringify({ conversation: 'c1', queued: false }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  test('go out as JSON with the token', async () => {
    const sent = await httpHost(origin, 'secret').call('send', { conversation: null, text: 'Hi' });
    expect(sent).toEqual({ conversation: 'c1', queued: false });
    expect(seen.at(-1)).toEqual({
      url: '/api/command/send',
      token: 'Bearer secret',
      body: '{"conversation":null,"text":"Hi"}',
    });
  });
  test('fail with the code they were refused with', async () => {
    const call = httpHost(origin, '').call('stop', { conversation: 'x' });
    await expect(call).rejects.toMatchObject({ code: 'not_found', message: 'No such conversation.' });
  });
  test('fail with a sentence when the answer is nonsense or nobody answers', async () => {
    await expect(httpHost(origin, '').call('snapshot', {})).rejects.toMatchObject({ code: 'other' });
    await expect(httpHost('http://127.0.0.1:1', '').call('snapshot', {})).rejects.toThrow(/does not answer/);
  });
});

describe('events', () => {
  class Socket {
    static all: Socket[] = [];
    sent: string[] = [];
    onopen?: () => void;
    onmessage?: (frame: { data: string }) => void;
    onclose?: () => void;
    constructor(readonly url: string) {
      Socket.all.push(this);
    }
    send(text: string) {
      this.sent.push(text);
    }
    close() {
      this.onclose?.();
    }
    say(frame: unknown) {
      this.onmessage?.({ data: JSON.stringify(frame) });
    }
  }
  const last = () => Socket.all.at(-1)!;
  const event = { seq: 1, body: { kind: 'notice_gone', id: 'n' } };

  beforeEach(() => {
    Socket.all = [];
    vi.useFakeTimers();
    vi.stubGlobal('WebSocket', Socket);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  async function connected() {
    const events: unknown[] = [];
    const lost = vi.fn();
    const listening = httpHost('http://127.0.0.1:9', 'secret').listen((one) => events.push(one), lost);
    last().onopen?.();
    last().say({ ready: true });
    return { events, lost, stop: await listening };
  }

  test('begin with the token and pass on only events', async () => {
    const { events, lost } = await connected();
    expect(last().url).toBe('ws://127.0.0.1:9/api/events');
    expect(last().sent).toEqual(['secret']);
    last().say(event);
    expect(events).toEqual([event]);
    expect(lost).not.toHaveBeenCalled();
  });

  test('a host that does not say it is ready is believed after a while', async () => {
    const listening = httpHost('http://127.0.0.1:9', '').listen(
      () => undefined,
      () => undefined,
    );
    last().onopen?.();
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(listening).resolves.toBeTypeOf('function');
  });

  test('come back after the connection is lost, which is told once they flow again', async () => {
    const { lost } = await connected();
    last().close();
    await vi.advanceTimersByTimeAsync(retryDelay(0));
    expect(Socket.all).toHaveLength(2);
    expect(lost).not.toHaveBeenCalled();
    last().onopen?.();
    last().say({ ready: true });
    expect(lost).toHaveBeenCalledOnce();
  });

  test('a first connection that fails is not waited for', async () => {
    const lost = vi.fn();
    const listening = httpHost('http://127.0.0.1:9', '').listen(() => undefined, lost);
    last().close();
    const stop = await listening;
    await vi.advanceTimersByTimeAsync(retryDelay(0));
    last().onopen?.();
    last().say({ ready: true });
    expect(lost).toHaveBeenCalledOnce();
    stop();
  });

  test('end when they are no longer wanted', async () => {
    const { stop } = await connected();
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(Socket.all).toHaveLength(1);
  });

  test('waits grow to a limit', () => {
    expect([0, 1, 2, 10].map(retryDelay)).toEqual([250, 500, 1000, 5000]);
  });
});

test('only addresses of the web and of mail leave the window', () => {
  expect(['https://a.b', 'http://a', 'MAILTO:a@b'].map(isExternal)).toEqual([true, true, true]);
  expect(['javascript:alert(1)', 'file:///etc', 'data:x', '/x', ''].some(isExternal)).toBe(false);
});

test('whatever is thrown becomes a failure with a sentence', () => {
  expect(toFailure({ code: 'network', message: 'No way.' })).toMatchObject({
    code: 'network',
    message: 'No way.',
  });
  expect(toFailure(new Error('x'))).toMatchObject({ code: 'other', message: 'x' });
  expect(toFailure('gone')).toMatchObject({ code: 'other', message: 'gone' });
});
