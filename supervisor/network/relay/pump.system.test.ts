import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Addon } from '../../service/addon.ts';
import { builtAddon } from '../../service/addon-testbed.ts';
import { type Flow, Pump, type PumpOptions } from './pump.ts';
import { connection, digestOf, fateOf, sha256 } from './socket-testbed.ts';

let addon: Addon;
let open: Socket[] = [];
const pumps: Pump[] = [];

beforeAll(() => {
  addon = builtAddon();
});
afterEach(() => {
  for (const socket of open) socket.destroy();
  open = [];
  for (const pump of pumps.splice(0)) pump.close();
});

function start(options: Partial<PumpOptions> = {}): Pump {
  const pump = new Pump(addon, { flows: 64, idleTimeout: 0, ...options });
  pumps.push(pump);
  return pump;
}

/** left <-> pump <-> right */
async function flow(pump = start()): Promise<Flow & { left: Socket; right: Socket }> {
  const [left, a] = await connection();
  const [right, b] = await connection();
  open.push(left, right);
  return Object.assign(pump.join(a, b), { left, right });
}

test('many flows at the same time, some of them slow, each carry their own bytes', async () => {
  const pump = start();
  const flows = await Promise.all(Array.from({ length: 64 }, () => flow(pump)));
  await Promise.all(
    flows.map(async ({ left, right, done }, index) => {
      const bytes = randomBytes(50_000 + index * 10_000);
      const received = delay((index % 8) * 10).then(() => digestOf(right));
      for (let at = 0; at < bytes.length; at += 30_000) {
        left.write(bytes.subarray(at, at + 30_000));
        if (index % 3 === 0) await delay(1);
      }
      left.end();
      right.end();
      await expect(received).resolves.toBe(sha256(bytes));
      left.resume();
      await expect(done).resolves.toEqual({ sent: bytes.length, received: 0 });
    }),
  );
});

test('held() counts the bytes that wait for a reader', async () => {
  const carried = await flow();
  const { left, right, done } = carried;
  right.pause();
  const chunk = randomBytes(1 << 20);
  let written = 0;
  while (written < 200) {
    written += 1;
    if (!left.write(chunk) && !(await Promise.race([once(left, 'drain'), delay(200)]))) break;
  }
  expect(written).toBeLessThan(100);
  expect(carried.held()).toBeGreaterThan(10_000);
  left.end();
  const digest = digestOf(right);
  right.resume();
  await expect(digest).resolves.toBe(sha256(Buffer.concat(Array(written).fill(chunk))));
  right.end();
  left.resume();
  await expect(done).resolves.toMatchObject({ sent: written * chunk.length });
  expect(carried.held()).toBe(0);
});

test.each(['left', 'right'] as const)(
  'a reset on the %s reaches a reader that starts late after the bytes that were sent before it',
  async (side) => {
    const both = await flow();
    const [from, to] = side === 'left' ? [both.left, both.right] : [both.right, both.left];
    // More bytes than one socket buffer holds, for a reader that starts late.
    const bytes = randomBytes(300_000);
    await new Promise((resolve) => from.write(bytes, resolve));
    const parts: Buffer[] = [];
    await delay(50);
    from.resetAndDestroy();
    to.on('data', (part: Buffer) => parts.push(part));
    await expect(fateOf(to)).resolves.toBe('ECONNRESET');
    expect(sha256(Buffer.concat(parts))).toBe(sha256(bytes));
    await both.done;
  },
);

test('a reset does not wait for a reader that has paused', async () => {
  const { left, right, done } = await flow();
  right.pause();
  const chunk = Buffer.alloc(1 << 20);
  while (left.write(chunk) || (await Promise.race([once(left, 'drain').then(() => true), delay(100)])));
  left.resetAndDestroy();
  await done;
  await expect(fateOf(right)).resolves.toBe('ECONNRESET');
});

test('bytes that were read before join() and bytes not written yet are part of the flow', async () => {
  const [left, a] = await connection();
  const [right, b] = await connection();
  open.push(left, right);
  left.write('early ');
  await once(a, 'readable');
  b.write('greeting ');
  const { done } = start().join(a, b);
  left.end('and late');
  right.end('end');
  const texts = await Promise.all([right, left].map((socket) => socket.setEncoding('latin1').toArray()));
  expect(texts.map((parts) => parts.join(''))).toEqual(['greeting early and late', 'end']);
  await done;
});

test('reset(), close() and a silence longer than idleTimeout each reset both ends', async () => {
  const reset = await flow();
  const last = start();
  const closed = await flow(last);
  // This flow is opened last, as its idle time runs from now on.
  const silent = await flow(start({ idleTimeout: 50 }));
  const fates = [silent, reset, closed].flatMap(({ left, right }) => [fateOf(left), fateOf(right)]);
  reset.reset();
  reset.reset();
  last.close();
  await expect(Promise.all(fates)).resolves.toEqual(Array(6).fill('ECONNRESET'));
  await Promise.all([silent, reset, closed].map(({ done }) => done));
});

test('bytes in either direction restart the idle time', async () => {
  const { left, right, done } = await flow(start({ idleTimeout: 150 }));
  left.on('data', () => undefined);
  for (let times = 0; times < 6; times += 1) {
    right.write('.');
    await delay(50);
  }
  expect(left.destroyed).toBe(false);
  await done;
});

test('a flow beyond the limit is reset, and a flow that ends makes room for another', async () => {
  const pump = start({ flows: 1 });
  const first = await flow(pump);
  const [left, a] = await connection();
  const [right, b] = await connection();
  const fates = [fateOf(left), fateOf(right)];
  await expect(pump.join(a, b).done).resolves.toEqual({ sent: 0, received: 0 });
  await expect(Promise.all(fates)).resolves.toEqual(['ECONNRESET', 'ECONNRESET']);
  first.reset();
  await first.done;
  const again = await flow(pump);
  again.left.end('ok');
  expect(String(await once(again.right, 'data'))).toBe('ok');
});

test('two thousand flows leave no descriptor behind', async () => {
  const pump = start();
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const before = descriptors();
  for (let round = 0; round < 50; round += 1) {
    const flows = await Promise.all(Array.from({ length: 40 }, () => flow(pump)));
    const fates = flows.flatMap(({ left, right }) => [fateOf(left), fateOf(right)]);
    for (const [index, { left, right }] of flows.entries()) {
      if (index % 4 === 0) left.resetAndDestroy();
      else left.end('bye');
      if (index % 4 !== 1) right.end();
      else right.resetAndDestroy();
    }
    await Promise.all(flows.map(({ done }) => done));
    await Promise.all(fates);
    open = [];
  }
  expect(descriptors()).toBe(before);
});
