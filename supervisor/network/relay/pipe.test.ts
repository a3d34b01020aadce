import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { type FlowBytes, type FlowOptions, pipeFlow } from './pipe.ts';
import { connection, digestOf, fateOf, sha256 } from './socket-testbed.ts';

let open: Socket[] = [];

afterEach(() => {
  for (const socket of open) socket.destroy();
  open = [];
});

/** left <-> pipe <-> right */
async function flow(
  options?: FlowOptions,
): Promise<{ left: Socket; right: Socket; done: Promise<FlowBytes> }> {
  const [left, a] = await connection();
  const [right, b] = await connection();
  open.push(left, right);
  return { left, right, done: pipeFlow(a, b, options) };
}

test('bytes pass in both directions at the same time, unchanged and counted', async () => {
  const { left, right, done } = await flow();
  const there = randomBytes(20_000_000);
  const back = randomBytes(7_000_000);
  left.end(there);
  right.end(back);
  const digests = await Promise.all([digestOf(right), digestOf(left)]);
  expect(digests).toEqual([there, back].map(sha256));
  await expect(done).resolves.toEqual({ sent: there.length, received: back.length });
});

test('the end of one direction leaves the other direction open', async () => {
  const { left, right } = await flow();
  left.end('question');
  expect(String(await once(right, 'data'))).toBe('question');
  await once(right, 'end');
  await delay(20);
  right.write('a long ');
  expect(String(await once(left, 'data'))).toBe('a long ');
  right.end('answer');
  expect(String(await once(left, 'data'))).toBe('answer');
  await once(left, 'end');
});

test('a reader that pauses makes the writer wait, and gets every byte once it reads again', async () => {
  const { left, right, done } = await flow();
  right.pause();
  const chunk = Buffer.alloc(1 << 20, 'z');
  let written = 0;
  // After two socket buffers and the bytes that this process holds, write() keeps returning false.
  while (written < 200) {
    written += 1;
    if (!left.write(chunk) && !(await Promise.race([once(left, 'drain'), delay(200)]))) break;
  }
  expect(written).toBeLessThan(100);
  left.end();
  let received = 0;
  right.on('data', (bytes: Buffer) => {
    received += bytes.length;
  });
  right.resume();
  await once(right, 'end');
  expect(received).toBe(written * chunk.length);
  right.end();
  await expect(done).resolves.toMatchObject({ sent: received });
});

test('a reset of one end reaches the other end after the bytes that were sent before it', async () => {
  const { left, right, done } = await flow();
  left.write('last words');
  expect(String(await once(right, 'data'))).toBe('last words');
  left.resetAndDestroy();
  await expect(fateOf(right)).resolves.toBe('ECONNRESET');
  await done;
});

test('a reset reaches an end that has closed its own direction', async () => {
  const { left, right, done } = await flow();
  right.end();
  left.resume();
  await once(left, 'end');
  left.write('x');
  const fate = fateOf(right);
  await delay(20);
  left.resetAndDestroy();
  await expect(fate).resolves.toBe('ECONNRESET');
  await done;
});

test('pipeFlow() resets one socket if the other one has closed before', async () => {
  const [left, a] = await connection();
  const [, b] = await connection();
  b.destroy();
  await once(b, 'close');
  const fate = fateOf(left);
  await expect(pipeFlow(a, b)).resolves.toEqual({ sent: 0, received: 0 });
  await expect(fate).resolves.toBe('ECONNRESET');
});

test('an abort resets both ends, and so does a silence longer than idleTimeout', async () => {
  const stop = new AbortController();
  const flows = [await flow({ signal: stop.signal }), await flow({ idleTimeout: 50 })];
  const fates = flows.flatMap(({ left, right }) => [fateOf(left), fateOf(right)]);
  stop.abort();
  await expect(Promise.all(fates)).resolves.toEqual(Array(4).fill('ECONNRESET'));
  await Promise.all(flows.map(({ done }) => done));
});
