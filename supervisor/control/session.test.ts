import { once } from 'node:events';
import { connect as connectPlain, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { NO_OBSERVER } from './control-observer.ts';
import { deflated } from './deflated.ts';
import { dialControl } from './dial.ts';
import { encodeFrame, FrameFlag } from './frame.ts';
import { type ControlListener, type ListenOptions, listenControl } from './listen.ts';
import { bytes, notification, unchecked } from './message.ts';
import { newNonce, pskOf } from './psk.ts';
import { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';

const ikm = Buffer.alloc(32, 9);
const fast = { interval: 20, suspect: 3, dead: 5 };
const described = { from: 'a test', body: '', about: '', parse: (body: unknown) => body };
const STARTED = notification({ ...described, number: 38, name: 'started' });
const EXIT = notification({ ...described, number: 34, name: 'exit' });
const STDOUT = bytes({ number: 32, name: 'stdout', from: 'a test', about: '' });

let cleanups: Array<() => unknown> = [];

beforeEach(() => {
  cleanups = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function listen(options: Partial<ListenOptions> = {}): Promise<ControlListener> {
  const listener = await listenControl({
    port: 0,
    host: '127.0.0.1',
    pskFor: (identity) => (identity.startsWith('session/') ? pskOf(ikm, identity) : null),
    onSession: () => undefined,
    ...options,
  });
  cleanups.push(() => listener.close());
  return listener;
}

function dial(
  port: number,
  options: SessionOptions & { identity?: string; ikm?: Buffer; signal?: AbortSignal } = {},
) {
  const identity = options.identity ?? `session/${newNonce()}`;
  return dialControl({
    host: '127.0.0.1',
    port,
    key: pskOf(options.ikm ?? ikm, identity),
    ...options,
    identity,
  });
}

/** Returns the two ends of one real TLS connection. */
async function pair(
  near: SessionOptions = {},
  far: SessionOptions = {},
): Promise<{ client: Session; server: Session; identity: string }> {
  const accepted = Promise.withResolvers<{ server: Session; identity: string }>();
  const { port } = await listen({
    ...far,
    onSession: (server, identity) => accepted.resolve({ server, identity }),
  });
  const client = await dial(port, near);
  cleanups.push(() => client.close());
  return { client, ...(await accepted.promise) };
}

/** Returns both ends of a plain TCP connection, on which a test can send malformed data. */
async function plainPair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no address');
  const near = connectPlain(address.port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  cleanups.push(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  near.on('error', () => undefined);
  return [near, far];
}

test('both sides can send requests, and know the identity and both addresses', async () => {
  const { client, server, identity } = await pair();
  server.handle(unchecked(4), (body) => ({ got: body }));
  client.handle(unchecked(7), async () => {
    await delay(5);
    return undefined;
  });
  await expect(client.request(unchecked(4), { ports: [80] })).resolves.toEqual({ got: { ports: [80] } });
  await expect(server.request(unchecked(7), {})).resolves.toEqual({});
  expect(identity).toMatch(/^session\//);
  expect(server.remote).toEqual(client.local);
  expect(server.local).toEqual(client.remote);
});

test('a handler’s error becomes a ControlError with its errno; an unknown type fails with ENOSYS', async () => {
  const { client, server } = await pair();
  server.handle(unchecked(6), () => {
    throw Object.assign(new Error('nobody listens'), { code: 'ECONNREFUSED' });
  });
  server.handle(unchecked(5), () => Promise.reject(new TypeError('a bug')));
  await expect(client.request(unchecked(6), {})).rejects.toMatchObject({
    errno: 'ECONNREFUSED',
    message: 'nobody listens',
  });
  await expect(client.request(unchecked(5), {})).rejects.toMatchObject({ errno: 'EIO' });
  await expect(client.request(unchecked(99), {})).rejects.toMatchObject({ errno: 'ENOSYS' });
});

test('a request ends by timeout, signal or end of session; more than maxPending fail with EAGAIN', async () => {
  const { client, server } = await pair({ maxPending: 3 });
  const handlerAborted = Promise.withResolvers<void>();
  server.handle(unchecked(6), (_body, { signal }) => {
    signal.addEventListener('abort', () => handlerAborted.resolve());
    return new Promise(() => undefined);
  });
  await expect(client.request(unchecked(6), {}, { timeout: 10 })).rejects.toMatchObject({
    errno: 'ETIMEDOUT',
  });
  const cancel = new AbortController();
  const cancelled = client.request(unchecked(6), {}, { signal: cancel.signal });
  cancel.abort(new Error('changed my mind'));
  await expect(cancelled).rejects.toThrow('changed my mind');
  const waiting = [
    client.request(unchecked(6), {}),
    client.request(unchecked(6), {}),
    client.request(unchecked(6), {}),
  ];
  await expect(client.request(unchecked(6), {})).rejects.toMatchObject({ errno: 'EAGAIN' });
  const ended = Promise.all(
    waiting.map((request) => expect(request).rejects.toMatchObject({ errno: 'ECONNRESET' })),
  );
  await client.close();
  await ended;
  await handlerAborted.promise;
  await expect(client.request(unchecked(6), {})).rejects.toMatchObject({ errno: 'ECONNRESET' });
  expect(client.notify(STARTED, {})).toBe(false);
});

test('a request fails with EAGAIN while the peer handles maxHandling others', async () => {
  const { client } = await pair({}, { maxHandling: 1 });
  const { client: busy, server } = await pair({}, { maxHandling: 1 });
  server.handle(unchecked(6), () => delay(30));
  const first = busy.request(unchecked(6), {});
  await expect(busy.request(unchecked(6), {})).rejects.toMatchObject({ errno: 'EAGAIN' });
  await first;
  await client.close();
});

test('raw bytes pass unchanged under backpressure, even when the reader pauses', async () => {
  // With heartbeats of 20 ms, the test would fail if a paused reader were taken for dead.
  const { client, server } = await pair({ heartbeat: fast }, { heartbeat: fast });
  const total = 300;
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let received = 0;
  let paused = 0;
  const done = Promise.withResolvers<void>();
  server.onNotification(STDOUT, (body) => {
    if (!Buffer.isBuffer(body)) throw new Error('not raw');
    received += body.length;
    if (received === total * chunk.length) done.resolve();
    if (paused++ === 20) {
      server.pause();
      setTimeout(() => server.resume(), 300);
    }
  });
  let waited = 0;
  for (let sent = 0; sent < total; sent++) {
    if (client.notify(STDOUT, chunk)) continue;
    waited += 1;
    await client.drained();
  }
  await done.promise;
  expect(waited).toBeGreaterThan(0);
  expect(received).toBe(total * chunk.length);
});

test('frames that were written before close() arrive before the end', async () => {
  const { client, server } = await pair();
  const order: string[] = [];
  server.onNotification(STDOUT, () => order.push('bytes'));
  server.onNotification(EXIT, () => order.push('exit'));
  client.notify(STDOUT, Buffer.alloc(500_000));
  client.notify(EXIT, { code: 0, signal: null });
  await client.close();
  await server.closed;
  expect(order).toEqual(['bytes', 'exit']);
});

test('a session ends when its peer does not read and more than maxQueued bytes wait', async () => {
  const { client, server } = await pair({ maxQueued: 1 << 20 });
  server.pause();
  for (let sent = 0; sent < 100; sent++) client.notify(STDOUT, Buffer.alloc(256 * 1024));
  await expect(client.closed).resolves.toBe('the peer does not read');
  await expect(client.drained()).rejects.toMatchObject({ errno: 'ECONNRESET' });
});

test('a silent peer becomes suspect and is then given up; a live one is not', async () => {
  const [near, silent] = await plainPair();
  silent.resume();
  const session = new Session(near, { heartbeat: { ...fast, dead: 1000 } });
  // The loop has no deadline but the time limit of the test, as timers of this process may be late.
  while (!session.suspect) await delay(5);
  void session.close();
  const [other, alsoSilent] = await plainPair();
  alsoSilent.resume();
  await expect(new Session(other, { heartbeat: fast }).closed).resolves.toBe('the peer is silent');

  const { client, server } = await pair({ heartbeat: fast }, { heartbeat: fast });
  await delay(250);
  expect(client.suspect).toBe(false);
  await expect(server.request(unchecked(99), {})).rejects.toMatchObject({ errno: 'ENOSYS' });
});

test.each([
  ['a frame that is too long', Buffer.from([0, 16, 0, 1, 0])],
  ['a body that is not JSON', encodeFrame({ type: 4, flags: 0, id: 1, body: Buffer.from('{') })],
  [
    'an answer that is not JSON',
    encodeFrame({ type: 4, flags: FrameFlag.reply, id: 1, body: Buffer.from('') }),
  ],
])('%s closes the connection', async (_name, bytes) => {
  const [near, far] = await plainPair();
  const session = new Session(near);
  far.write(bytes);
  await expect(session.closed).resolves.toMatch(/^malformed: /);
});

test('unexpected replies and unknown notifications are ignored', async () => {
  const [near, far] = await plainPair();
  const session = new Session(near);
  session.handle(unchecked(4), () => ({ fine: true }));
  far.write(encodeFrame({ type: 4, flags: FrameFlag.reply, id: 77, body: Buffer.from('{}') }));
  far.write(encodeFrame({ type: 200, flags: 0, id: 0, body: Buffer.from('{}') }));
  far.write(encodeFrame({ type: 4, flags: 0, id: 5, body: Buffer.from('{}') }));
  const [answer] = (await once(far, 'data')) as [Buffer];
  expect(answer.subarray(12).toString()).toBe('{"fine":true}');
  await session.close();
});

test('a peer that exceeds the rate limit is read more slowly, loses nothing, and is not given up', async () => {
  const throttled: number[] = [];
  const rateLimit = { frames: { perSecond: 200, burst: 50 }, bytes: { perSecond: 1e9, burst: 1e9 } };
  const { client, server } = await pair(
    { heartbeat: fast },
    { heartbeat: fast, rateLimit, observer: { ...NO_OBSERVER, throttled: (ms) => throttled.push(ms) } },
  );
  server.handle(unchecked(6), (body) => body);
  const answers = await Promise.all(
    Array.from({ length: 150 }, (_, index) => client.request(unchecked(6), { index })),
  );
  expect(answers).toEqual(Array.from({ length: 150 }, (_, index) => ({ index })));
  // The burst allows 50 requests at once; the 100 others cost 5 ms each, however fast the machine is.
  expect(throttled.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(100);
  expect([client.ended, server.ended]).toEqual([false, false]);
});

test('the rate limit counts bytes too, and does not resume a session that was paused', async () => {
  const rateLimit = { frames: { perSecond: 1e6, burst: 1e6 }, bytes: { perSecond: 100_000, burst: 1000 } };
  const throttled = Promise.withResolvers<number>();
  const { client, server } = await pair(
    {},
    { rateLimit, observer: { ...NO_OBSERVER, throttled: throttled.resolve } },
  );
  let received = 0;
  server.onNotification(STDOUT, () => {
    received += 1;
  });
  client.notify(STDOUT, Buffer.alloc(10_000));
  const rest = await throttled.promise;
  server.pause();
  client.notify(STDOUT, Buffer.alloc(1));
  await delay(rest + 50);
  expect(received).toBe(1);
  server.resume();
  while (received < 2) await delay(5);
});

test('a frame that was encoded once can be sent to many sessions', async () => {
  const pairs = await Promise.all([pair(), pair()]);
  const arrived = pairs.map(({ client }) => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    client.onNotification(STARTED, resolve);
    return promise;
  });
  const frame = encodeFrame({ type: 38, flags: 0, id: 0, body: Buffer.from('{"pid":7}') });
  for (const { server } of pairs) server.notifyEncoded(frame);
  await expect(Promise.all(arrived)).resolves.toEqual([{ pid: 7 }, { pid: 7 }]);
});

test('a session accepts deflated frames with takesDeflated, and ends at one without', async () => {
  const frame = encodeFrame(
    deflated({ type: 38, flags: 0, id: 0, body: Buffer.from(JSON.stringify({ pid: '7'.repeat(5000) })) }),
  );
  const open = await pair({}, { takesDeflated: true });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  open.server.onNotification(STARTED, resolve);
  open.client.notifyEncoded(frame);
  await expect(promise).resolves.toEqual({ pid: '7'.repeat(5000) });
  const other = await pair();
  other.client.notifyEncoded(frame);
  await expect(other.server.closed).resolves.toBe('malformed: a deflated frame, which was not asked for');
});

test('long frames are written in pieces, in order with short ones, and close() waits for them', async () => {
  const { client, server } = await pair({ maxWrite: 1000 });
  const received: string[] = [];
  server.onNotification(STDOUT, (body) => received.push(`${Buffer.byteLength(String(body))}`));
  const sizes = [10, 300_000, 20, 5000, 1, 0, 999];
  for (const size of sizes) client.notify(STDOUT, Buffer.alloc(size, 'x'));
  await client.drained();
  client.notify(STDOUT, Buffer.alloc(100_000, 'y'));
  await client.close();
  await server.closed;
  expect(received).toEqual([...sizes, 100_000].map(String));
});
