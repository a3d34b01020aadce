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

test('a platform’s own shared memory is used', async () => {
  expect(await makeSharedMemory(root, join(root, 'place'))).toEqual({});
});

test('where there is none, a directory takes its place', async () => {
  const [visible, place] = [join(root, 'missing'), join(root, 'deep/place')];
  expect(await makeSharedMemory(visible, place)).toEqual({ [visible]: place });
  expect(statSync(place).isDirectory()).toBe(true);
});
