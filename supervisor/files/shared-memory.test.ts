import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeSharedMemory } from './shared-memory.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxer-shm-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('/dev/shm is not remapped where the platform has a writable one', async () => {
  expect(await makeSharedMemory(root, join(root, 'place'))).toEqual({});
});

test('/dev/shm is remapped to a new directory where the platform has none', async () => {
  const [visible, place] = [join(root, 'missing'), join(root, 'deep/place')];
  expect(await makeSharedMemory(visible, place)).toEqual({ [visible]: place });
  expect(statSync(place).isDirectory()).toBe(true);
});
