import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { exitCodeOf } from './exit-status.ts';
import { startFailureCode, startGuest } from './start-guest.ts';

const start = (argv: string[], workingDirectory = '/') =>
  startGuest({ argv, environment: { PATH: '/usr/bin:/bin', MARK: 'here' }, workingDirectory, stdio: 'pipe' });

test('an exit code comes through unchanged', async () => {
  const guest = await start(['sh', '-c', 'exit 42']);
  expect(exitCodeOf(await guest.exited)).toBe(42);
});

test('a signal is shown as Docker shows it', async () => {
  const guest = await start(['sh', '-c', 'kill -TERM $$']);
  expect(exitCodeOf(await guest.exited)).toBe(143);
});

test('the guest gets exactly the environment it was given', async () => {
  const guest = await start(['env']);
  const chunks: Buffer[] = [];
  for await (const chunk of guest.process.stdout ?? []) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString().trim().split('\n').sort()).toEqual([
    'MARK=here',
    'PATH=/usr/bin:/bin',
  ]);
});

test.each([
  [['no-such-program'], '/', 127, 'not found'],
  [['/etc/passwd'], '/', 126, 'permission denied'],
  [['true'], '/no/such/directory', 125, '/no/such/directory'],
  [[], '/', 127, 'no command'],
])('%j in %s cannot start: %d', async (argv, workingDirectory, code, words) => {
  const error = await start(argv, workingDirectory).catch((caught: unknown) => caught);
  expect(startFailureCode(error)).toBe(code);
  expect(String(error)).toContain(words);
});

test('a program and a working directory that stand elsewhere than the guest sees them', async () => {
  const real = mkdtempSync(join(tmpdir(), 'boxer-guest-'));
  mkdirSync(join(real, 'work'));
  writeFileSync(join(real, 'run.sh'), '#!/bin/sh\npwd; exit 3\n');
  chmodSync(join(real, 'run.sh'), 0o755);
  try {
    const guest = await startGuest({
      argv: ['/nowhere/run.sh'],
      environment: { PATH: '/usr/bin:/bin' },
      workingDirectory: '/nowhere/work',
      stdio: 'pipe',
      remap: { '/nowhere': real },
    });
    const chunks: Buffer[] = [];
    for await (const chunk of guest.process.stdout ?? []) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString().trim()).toBe(join(real, 'work'));
    expect(exitCodeOf(await guest.exited)).toBe(3);
  } finally {
    rmSync(real, { recursive: true });
  }
});
