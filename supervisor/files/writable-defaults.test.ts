import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeUsualPathsWritable } from './writable-defaults.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxer-writable-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('small directories are copied, large ones linked, links shared, missing ones made', async () => {
  const lib = join(root, 'var/lib');
  mkdirSync(join(lib, 'nginx/body'), { recursive: true });
  writeFileSync(join(lib, 'nginx/state'), 'kept');
  mkdirSync(join(lib, 'dpkg'));
  for (let i = 0; i < 100; i++) writeFileSync(join(lib, 'dpkg', String(i)), '');
  writeFileSync(join(lib, 'large'), Buffer.alloc(2 * 1024 * 1024));
  mkdirSync(join(root, 'run'));
  symlinkSync(join(root, 'run'), join(root, 'var/run'));
  const paths = [lib, join(root, 'run'), join(root, 'var/run'), join(root, 'absent')];

  const remap = await makeUsualPathsWritable(paths, join(root, 'place'));
  const there = (path: string) => remap[path] ?? '';
  expect(readFileSync(join(there(lib), 'nginx/state'), 'utf8')).toBe('kept');
  expect(lstatSync(join(there(lib), 'nginx/body')).isDirectory()).toBe(true);
  expect(lstatSync(join(there(lib), 'dpkg')).isSymbolicLink()).toBe(true);
  expect(lstatSync(join(there(lib), 'large')).isSymbolicLink()).toBe(true);
  expect(there(join(root, 'var/run'))).toBe(there(join(root, 'run')));
  expect(existsSync(there(join(root, 'absent')))).toBe(true);
});
