import { rmSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';

const fuzz = (...args: string[]) =>
  execa(process.execPath, ['--no-warnings', new URL('fuzz.ts', import.meta.url).pathname, ...args], {
    reject: false,
    all: true,
  });

test('the fuzzer finds a fault behind three nested conditions, and keeps the input', async () => {
  // The number of inputs is the limit, so that a slow machine gives the same result.
  const limits = ['--seconds', '600', '--inputs', '20000'];
  const { exitCode, stderr } = await fuzz(...limits, '--seed', '2', 'planted');
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/planted fails on \S+: Error: found/)]);
  rmSync(/fails on (\S+):/.exec(stderr)?.[1] ?? '', { force: true });
}, 600_000);

test('the readers of frames, requests, identities, messages and events survive 4 seconds each', async () => {
  const { exitCode, all } = await fuzz('--seconds', '4');
  expect([exitCode, all]).toEqual([0, expect.any(String)]);
  for (const target of ['frames', 'deflated', 'requests', 'identities', 'messages', 'events'])
    expect(all).toMatch(new RegExp(`^${target}: \\d+ inputs, \\d+ kept, [1-9]\\d* features`, 'm'));
});

test('an unknown target is refused, and the message names it', async () => {
  await expect(fuzz('frame')).resolves.toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('frame'),
  });
});
