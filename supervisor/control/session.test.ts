import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deflated } from './deflated.ts';
import { encodeFrame, FrameFlag } from './frame.ts';
import { unchecked } from './message.ts';
import { Session } from './session.ts';
import { FAST, SessionTestbed, STARTED } from './session-testbed.ts';

let bed: SessionTestbed;

beforeEach(() => {
  bed = new SessionTestbed();
});
afterEach(() => bed.close());

test('both sides can send requests, and know the identity and both addresses', async () => {
  const { client, server, identity } = await bed.pair();
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

test('a handler’s error becomes a ControlError with its errno; unknown types fail with ENOSYS', async () => {
  const { client, server } = await bed.pair();
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

test('a request ends by timeout, signal or session end; more than maxPending fail with EAGAIN', async () => {
  const { client, server } = await bed.pair({ maxPending: 3 });
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
  const { client } = await bed.pair({}, { maxHandling: 1 });
  const { client: busy, server } = await bed.pair({}, { maxHandling: 1 });
  server.handle(unchecked(6), () => delay(30));
  const first = busy.request(unchecked(6), {});
  await expect(busy.request(unchecked(6), {})).rejects.toMatchObject({ errno: 'EAGAIN' });
  await first;
  await client.close();
});

test('a silent peer becomes suspect and is then given up; a live one is not', async () => {
  const [near, silent] = await bed.plainPair();
  silent.resume();
  const session = new Session(near, { heartbeat: { ...FAST, dead: 1000 } });
  // The loop has no deadline but the time limit of the test, as timers of this process may be late.
  while (!session.suspect) await delay(5);
  void session.close();
  const [other, alsoSilent] = await bed.plainPair();
  alsoSilent.resume();
  await expect(new Session(other, { heartbeat: FAST }).closed).resolves.toBe('the peer is silent');

  const { client, server } = await bed.pair({ heartbeat: FAST }, { heartbeat: FAST });
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
  const [near, far] = await bed.plainPair();
  const session = new Session(near);
  far.write(bytes);
  await expect(session.closed).resolves.toMatch(/^malformed: /);
});

test('unexpected replies and unknown notifications are ignored', async () => {
  const [near, far] = await bed.plainPair();
  const session = new Session(near);
  session.handle(unchecked(4), () => ({ fine: true }));
  far.write(encodeFrame({ type: 4, flags: FrameFlag.reply, id: 77, body: Buffer.from('{}') }));
  far.write(encodeFrame({ type: 200, flags: 0, id: 0, body: Buffer.from('{}') }));
  far.write(encodeFrame({ type: 4, flags: 0, id: 5, body: Buffer.from('{}') }));
  const [answer] = (await once(far, 'data')) as [Buffer];
  expect(answer.subarray(12).toString()).toBe('{"fine":true}');
  await session.close();
});

test('a frame that was encoded once can be sent to many sessions', async () => {
  const pairs = await Promise.all([bed.pair(), bed.pair()]);
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
  const open = await bed.pair({}, { takesDeflated: true });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  open.server.onNotification(STARTED, resolve);
  open.client.notifyEncoded(frame);
  await expect(promise).resolves.toEqual({ pid: '7'.repeat(5000) });
  const other = await bed.pair();
  other.client.notifyEncoded(frame);
  await expect(other.server.closed).resolves.toBe('malformed: a deflated frame, which was not asked for');
});
