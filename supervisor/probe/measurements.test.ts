import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { kindOf } from './network.ts';
import { limits, resultOf } from './sandbox.ts';
import { measureUpload, swallow } from './throughput.ts';
import { timesOf } from './times.ts';

test.each([
  [
    'preserving',
    [
      [1, [1, 1]],
      [2, [2, 2]],
      [3, [9, 8]],
    ],
  ],
  [
    'mapped',
    [
      [1, [5, 5]],
      [2, [6, 6]],
      [3, [3, 3]],
    ],
  ],
  [
    'symmetric',
    [
      [1, [5, 6]],
      [2, [7, 8]],
    ],
  ],
  [
    'unknown',
    [
      [1, []],
      [2, [2]],
    ],
  ],
] as const)('kindOf() is %s if most ports are translated that way', (nat, mappings) => {
  expect(kindOf(mappings.map(([local, seen]) => ({ local, seen: [...seen] })))).toBe(nat);
});

test('limits() parses /proc/self/limits as the kernel prints it', () => {
  const text =
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    'Max cpu time              unlimited            unlimited            seconds   \n' +
    'Max open files            1024                 4096                 files     \n' +
    'Max nice priority         0                    0                    \n';
  expect(limits(text)).toEqual({
    'cpu time': { soft: 'unlimited', hard: 'unlimited' },
    'open files': { soft: '1024', hard: '4096' },
    'nice priority': { soft: '0', hard: '0' },
  });
  expect(limits('')).toEqual({});
});

test('resultOf() describes the result of a system call by ok, an errno or a signal', () => {
  const of = (errno: number, signal = 0) => resultOf({ name: 'x', errno, signal });
  expect([of(0), of(1), of(38), of(0, 31)]).toEqual(['ok', 'EPERM', 'ENOSYS', 'killed by SIGSYS']);
});

test('timesOf() returns the shortest, the median and the longest time', () => {
  expect(timesOf([3, 1, 2])).toEqual({ count: 3, min: 1, median: 2, max: 3 });
});

test('measureUpload() resolves when all bytes were read, and rejects if the connection breaks', async () => {
  const { signal } = new AbortController();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dial = async () => {
    const accepted = once(server, 'connection');
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    return { socket, accepted: (await accepted)[0] };
  };
  const first = await dial();
  const [result] = await Promise.all([
    measureUpload(first.socket, 3_000_000, signal),
    swallow(first.accepted, signal),
  ]);
  expect(result.bytes).toBe(3_000_000);
  expect(first.accepted.bytesRead).toBe(3_000_000);
  expect(result.megabitsPerSecond).toBeGreaterThan(0);
  const second = await dial();
  setImmediate(() => second.accepted.resetAndDestroy());
  await expect(measureUpload(second.socket, 3_000_000, signal)).rejects.toThrow();
  server.close();
});
