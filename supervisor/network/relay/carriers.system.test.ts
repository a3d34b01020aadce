import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { builtAddon } from '../../service/addon-testbed.ts';
import { type FlowBytes, pipeFlow } from './pipe.ts';
import { Pump } from './pump.ts';
import { connection, digestOf, fateOf, sha256 } from './socket-testbed.ts';

/** What carries the bytes of a flow between two sockets: Node's streams, or the native pump. */
interface Carrier {
  join(a: Socket, b: Socket): Promise<FlowBytes>;
  close(): void;
}

const carriers: Readonly<Record<string, () => Carrier>> = {
  'pipeFlow()': () => ({ join: (a, b) => pipeFlow(a, b), close: () => undefined }),
  'Pump.join()': () => {
    const pump = new Pump(builtAddon(), { flows: 64, idleTimeout: 0 });
    return { join: (a, b) => pump.join(a, b).done, close: () => pump.close() };
  },
};

const SIDES = ['left', 'right'] as const;
const cleanups: (() => unknown)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Opens a carrier that ends with the test. */
function started(open: () => Carrier): Carrier {
  const carrier = open();
  cleanups.push(() => carrier.close());
  return carrier;
}

/** left <-> carrier <-> right */
async function flow(open: () => Carrier) {
  const [left, a] = await connection();
  const [right, b] = await connection();
  cleanups.push(
    () => left.destroy(),
    () => right.destroy(),
  );
  return { left, right, done: started(open).join(a, b) };
}

describe.each(Object.entries(carriers))('%s', (_name, open) => {
  test('carries bytes in both directions at the same time, unchanged and counted', async () => {
    const { left, right, done } = await flow(open);
    const forth = randomBytes(20_000_000);
    const back = randomBytes(7_000_000);
    left.end(forth);
    right.end(back);
    const digests = await Promise.all([digestOf(right), digestOf(left)]);
    expect(digests).toEqual([forth, back].map(sha256));
    await expect(done).resolves.toEqual({ sent: forth.length, received: back.length });
  });

  test.each(SIDES)('leaves the other direction open after end() on the %s', async (side) => {
    const both = await flow(open);
    const [first, second] = side === 'left' ? [both.left, both.right] : [both.right, both.left];
    first.end('question');
    expect(String(await once(second, 'data'))).toBe('question');
    await once(second, 'end');
    await delay(20);
    second.write('a long ');
    expect(String(await once(first, 'data'))).toBe('a long ');
    second.end('answer');
    expect(String(await once(first, 'data'))).toBe('answer');
    await once(first, 'end');
    await both.done;
  });

  test('makes the writer wait for a reader that pauses, and loses no byte', async () => {
    const { left, right, done } = await flow(open);
    right.pause();
    const chunk = randomBytes(1 << 20);
    let written = 0;
    // After two socket buffers and the bytes that the carrier holds, write() keeps returning false.
    while (written < 200) {
      written += 1;
      if (!left.write(chunk) && !(await Promise.race([once(left, 'drain'), delay(200)]))) break;
    }
    expect(written).toBeLessThan(100);
    left.end();
    const digest = digestOf(right);
    right.resume();
    await expect(digest).resolves.toBe(sha256(Buffer.concat(Array(written).fill(chunk))));
    right.end();
    left.resume();
    await expect(done).resolves.toMatchObject({ sent: written * chunk.length });
  });
});

describe.each(Object.entries(carriers))('%s', (_name, open) => {
  test.each(SIDES)('passes on a reset on the %s after the bytes that were sent before it', async (side) => {
    const both = await flow(open);
    const [from, to] = side === 'left' ? [both.left, both.right] : [both.right, both.left];
    const bytes = randomBytes(30_000);
    const parts: Buffer[] = [];
    to.on('data', (part: Buffer) => parts.push(part));
    from.write(bytes);
    while (parts.reduce((sum, { length }) => sum + length, 0) < bytes.length) await once(to, 'data');
    from.resetAndDestroy();
    await expect(fateOf(to)).resolves.toBe('ECONNRESET');
    expect(sha256(Buffer.concat(parts))).toBe(sha256(bytes));
    await both.done;
  });

  test('passes on a reset to an end that has closed its own direction', async () => {
    const { left, right, done } = await flow(open);
    right.end();
    left.resume();
    await once(left, 'end');
    left.write('x');
    const fate = fateOf(right);
    await once(right, 'data');
    left.resetAndDestroy();
    await expect(fate).resolves.toBe('ECONNRESET');
    await done;
  });

  test('resets one socket if the other one has closed before', async () => {
    const [left, a] = await connection();
    const [, b] = await connection();
    b.destroy();
    await once(b, 'close');
    const fate = fateOf(left);
    await expect(started(open).join(a, b)).resolves.toEqual({ sent: 0, received: 0 });
    await expect(fate).resolves.toBe('ECONNRESET');
  });
});
