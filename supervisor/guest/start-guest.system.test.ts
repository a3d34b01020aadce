import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { execa } from 'execa';
import type { Addon } from '../service/addon.ts';
import { builtAddon } from '../service/addon-testbed.ts';
import { exitCodeOf } from './exit-status.ts';
import { startFailureCode, startGuest } from './start-guest.ts';
import { createStdioPipes, type StdioPipes } from './stdio-pipes.ts';

let addon: Addon;
let pipes: StdioPipes;

beforeAll(() => {
  addon = builtAddon();
});
beforeEach(() => {
  pipes = createStdioPipes(addon);
});
afterEach(() => pipes.close());

const start = (argv: string[], workingDirectory = '/') =>
  startGuest({
    ...{ addon, argv, workingDirectory },
    environment: { PATH: '/usr/bin:/bin', MARK: 'here' },
    stdio: pipes,
  });

const printed = async (stream: Readable) => Buffer.concat(await stream.toArray()).toString();

test('the exit code of the guest is passed on unchanged', async () => {
  const guest = await start(['sh', '-c', 'exit 42']);
  expect(exitCodeOf(await guest.exited)).toBe(42);
});

test('a guest that was killed by a signal has the exit code that Docker shows', async () => {
  const guest = await start(['sh', '-c', 'kill -TERM $$']);
  expect(exitCodeOf(await guest.exited)).toBe(143);
});

test('the guest gets exactly the given environment', async () => {
  await start(['env']);
  expect((await printed(pipes.stdout)).trim().split('\n').sort()).toEqual([
    'MARK=here',
    'PATH=/usr/bin:/bin',
  ]);
});

test.each([
  [['no-such-program'], '/', 127, 'not found'],
  [['/etc/passwd'], '/', 126, 'permission denied'],
  [['true'], '/no/such/directory', 126, 'working directory /no/such/directory'],
  [['true'], '/etc/passwd', 126, 'working directory /etc/passwd'],
  [['true', 'x'.repeat(200_000)], '/', 126, 'argument list too long'],
  [[], '/', 127, 'no command'],
])('%.40j in %s cannot start: %d', async (argv, workingDirectory, code, words) => {
  const error = await start(argv, workingDirectory).catch((caught: unknown) => caught);
  expect(startFailureCode(error)).toBe(code);
  expect(String(error)).toContain(words);
});

test('a remapped program starts in a remapped working directory', async () => {
  const real = mkdtempSync(join(tmpdir(), 'boxer-guest-'));
  mkdirSync(join(real, 'work'));
  writeFileSync(join(real, 'run.sh'), '#!/bin/sh\npwd; exit 3\n');
  chmodSync(join(real, 'run.sh'), 0o755);
  try {
    const guest = await startGuest({
      addon,
      argv: ['/nowhere/run.sh'],
      environment: { PATH: '/usr/bin:/bin' },
      workingDirectory: '/nowhere/work',
      stdio: pipes,
      remap: { '/nowhere': real },
    });
    expect((await printed(pipes.stdout)).trim()).toBe(join(real, 'work'));
    expect(exitCodeOf(await guest.exited)).toBe(3);
  } finally {
    rmSync(real, { recursive: true });
  }
});

test('the guest has the same descriptor limit as without Boxer, although Node raises its own', async () => {
  process.env.BOXER_NOFILE = '321';
  try {
    await start(['sh', '-c', 'ulimit -Sn']);
  } finally {
    delete process.env.BOXER_NOFILE;
  }
  expect(await printed(pipes.stdout)).toBe('321\n');
  await expect(execa('sh', ['-c', 'ulimit -Sn'])).resolves.not.toHaveProperty('stdout', '321');
});

test('the guest can open its standard streams by name, as in images that link log files to /dev/stdout', async () => {
  await start(['sh', '-c', 'cat /dev/stdin >/dev/stdout; echo bad >>/dev/stderr; cat /proc/self/fd/0']);
  pipes.stdin.end('good');
  expect(await Promise.all([printed(pipes.stdout), printed(pipes.stderr)])).toEqual(['good', 'bad\n']);
});
