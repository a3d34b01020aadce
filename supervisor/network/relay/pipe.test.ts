import type { Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { type FlowBytes, type FlowOptions, pipeFlow } from './pipe.ts';
import { connection, fateOf } from './socket-testbed.ts';

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

test('an abort resets both ends, and so does a silence longer than idleTimeout', async () => {
  const stop = new AbortController();
  const flows = [await flow({ signal: stop.signal }), await flow({ idleTimeout: 50 })];
  const fates = flows.flatMap(({ left, right }) => [fateOf(left), fateOf(right)]);
  stop.abort();
  await expect(Promise.all(fates)).resolves.toEqual(Array(4).fill('ECONNRESET'));
  await Promise.all(flows.map(({ done }) => done));
});
