import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { withLock } from './lock.ts';

let parent: string;
let folder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'boxer-lock-'));
  folder = join(parent, 'p');
});
afterEach(() => rmSync(parent, { recursive: true }));
const lock = <T>(work: () => Promise<T>) =>
  withLock({ project: { folder, directory: '/p', name: 'p' } }, 'change', 'up', work);

test('withLock() lets one caller in, and the error of the other names the owner', async () => {
  await lock(async () => {
    await expect(lock(async () => 1)).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    writeFileSync(join(folder, 'key'), '');
  });
  expect(await lock(async () => 2)).toBe(2);
});

test.each([
  ['of a process that is gone', '999999999 1 up\n'],
  ['of an earlier process with the number of a living one', `${process.pid} 1 up\n`],
  ['that is garbage', '\0\0'],
])('a lock %s is taken over', async (_, content) => {
  await lock(async () => writeFileSync(join(folder, 'key'), ''));
  writeFileSync(join(folder, 'change.lock'), content);
  expect(await lock(async () => 3)).toBe(3);
});

test('a refused first call leaves no files', async () => {
  await expect(lock(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(folder)).toBe(false);
});
