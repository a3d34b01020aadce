import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { builtAddon } from '../../service/addon-testbed.ts';
import { openFlow } from './open-flow.ts';
import { type Relay, startRelay } from './relay.ts';
import { digestOf, fateOf, serve, sha256 } from './socket-testbed.ts';

const descriptors = () => readdirSync('/proc/self/fd').length;
const megabytes = () => process.memoryUsage().rss / 2 ** 20;

let relay: Relay;
let server: Server;
let port: number;
let accept: (socket: Socket) => void;

beforeEach(async () => {
  relay = await startRelay({ addon: builtAddon(), host: '127.0.0.1' });
  ({ port, server } = await serve((socket) => accept(socket)));
});
afterEach(() => {
  relay.close();
  server.close();
});

/** Connects `initiator` to the server through the relay. */
async function open(initiator: string): Promise<Socket> {
  const flow = await openFlow(relay, { from: '127.0.0.1', initiator, timeout: 5000 });
  flow.join(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
  const near = connect({ port: flow.port, host: '127.0.0.1', allowHalfOpen: true });
  near.on('error', () => undefined);
  await once(near, 'connect');
  return near;
}

async function openAndClose(count: number, body: Buffer): Promise<void> {
  const expected = sha256(body);
  for (let done = 0; done < count; done += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const socket = await open(`node-${index % 7}`);
        const echoed = digestOf(socket);
        socket.end(body);
        expect(await echoed).toBe(expected);
        if (!socket.closed) await once(socket, 'close');
      }),
    );
  }
}

test('with 200 stalled readers, 2,000 connections get every byte and leak nothing', async () => {
  const stalled: Socket[] = [];
  const chunk = Buffer.alloc(1 << 18);
  const readers: Socket[] = [];
  accept = (socket) => void readers.push(socket.pause());
  for (let index = 0; index < 200; index += 1) {
    const socket = await open(`writer-${index % 20}`);
    stalled.push(socket);
    while (socket.write(chunk));
  }
  accept = (socket) => socket.pipe(socket);
  const body = randomBytes(20_000);
  // The first connections cause allocations that are made only once.
  await openAndClose(500, body);
  const before = { descriptors: descriptors(), megabytes: megabytes() };
  await openAndClose(1500, body);
  while (relay.status().flows > 200) await delay(1);
  expect(descriptors()).toBe(before.descriptors);
  // A leak of 1 KB for each of 1,500 flows would be 1.5 MB. Garbage that is not collected yet may be some
  // tens of MB.
  expect(megabytes() - before.megabytes).toBeLessThan(60);
  expect(relay.status().bytes).toBeGreaterThan(200 * 10_000);
  const fates = Promise.all(stalled.map(fateOf));
  for (const socket of readers) socket.resetAndDestroy();
  await expect(fates).resolves.toEqual(Array(200).fill('ECONNRESET'));
  while (relay.status().flows > 0) await delay(1);
  expect(relay.status().bytes).toBe(0);
});
