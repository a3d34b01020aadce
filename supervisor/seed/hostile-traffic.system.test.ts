import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { encodeFrame } from '../control/frame.ts';
import { Connect } from '../protocol/flows.ts';
import { Hello } from '../protocol/greeting.ts';
import { Listening } from '../protocol/membership.ts';
import { HostileTestbed } from './hostile-testbed.ts';

/**
 * Tests of a compromised container. It has the key of its service, `worker`, and sends floods and garbage.
 * Two other nodes, `web` and `api`, must go on working; most tests check that at their end.
 */

let hostile: HostileTestbed;

beforeEach(async () => {
  hostile = await HostileTestbed.start();
});
afterEach(() => hostile.bed.close());

test('floods of requests slow down only the node that sends them', async () => {
  const { session } = await hostile.joined();
  const flood = Array.from({ length: 1000 }, (_, index) =>
    session
      .request(Connect, { address: hostile.api.address, port: index + 100 })
      .catch((error: unknown) => error),
  );
  const listening = Array.from({ length: 20 }, (_, index) =>
    session.request(Listening, { ports: [index + 1] }).catch((error: unknown) => error),
  );
  await hostile.othersAreWell();
  await Promise.all([...flood, ...listening]);
  expect(hostile.events).toContain('throttled');
  expect(hostile.web.members().get(hostile.api.nodeId)?.state).toBe('up');
  await session.close();
});

test('a container cannot use up the node ids: too many joins fail with EAGAIN', async () => {
  const attempts: string[] = [];
  for (let count = 0; count < 80; count++) {
    const { session } = await hostile.joined().catch((error: unknown) => {
      attempts.push(String(Reflect.get(Object(error), 'errno')));
      return { session: undefined };
    });
    await session?.close();
  }
  expect(new Set(attempts)).toEqual(new Set(['EAGAIN']));
});

test.each([
  ['garbage', Buffer.alloc(4096, 0xa5)],
  ['a frame of another version', Buffer.from([0, 0, 0, 8, 1, 9, 0, 0, 0, 0, 0, 1])],
  ['a frame that is not JSON', encodeFrame({ type: 1, flags: 0, id: 1, body: Buffer.from('{"version":') })],
  ['deeply nested JSON', encodeFrame({ type: 1, flags: 0, id: 1, body: Buffer.from('['.repeat(500_000)) })],
])('%s ends its own connection and no other', async (_name, bytes) => {
  const socket = await hostile.rawTls();
  socket.resume();
  socket.write(bytes);
  await once(socket, 'close');
  expect(hostile.events).toEqual(['malformed']);
  await hostile.othersAreWell();
});

test('a node that never reads is dropped', async () => {
  const socket = await hostile.rawTls();
  socket.pause();
  const session = encodeFrame({
    type: Hello.number,
    flags: 0,
    id: 1,
    body: Buffer.from('{"version":1}'),
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const ask = encodeFrame({ type: 99, flags: 0, id: 7, body: Buffer.from('{}') });
  socket.write(session);
  const timer = setInterval(
    () => socket.writable && socket.writableLength < 1e6 && socket.write(Buffer.from(ask)),
    1,
  );
  await hostile.othersAreWell();
  // The connection has not joined, so the seed closes it.
  await closed;
  clearInterval(timer);
});

test('connections without a key cannot keep nodes out', async () => {
  const strangers = Array.from({ length: 300 }, () =>
    connectTcp({ port: hostile.bed.seed.port, host: '127.0.0.1', localAddress: '127.0.0.9' }).on(
      'error',
      () => undefined,
    ),
  );
  await Promise.all(strangers.map((socket) => once(socket, 'connect')));
  await hostile.othersAreWell();
  for (const socket of strangers) socket.destroy();
});
