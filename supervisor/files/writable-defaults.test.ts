import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
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

test('small entries are copied, large ones linked, and missing directories made', async () => {
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

test('copies keep the sticky and setgid bits, and their owner may write to them', async () => {
  for (const [name, mode] of [
    ['tmp', 0o1777],
    ['tmp/spool', 0o2775],
    ['lock', 0o1777],
    ['closed', 0o555],
  ] as const) {
    mkdirSync(join(root, name));
    chmodSync(join(root, name), mode);
  }
  const names = ['tmp', 'lock', 'closed'];
  const remap = await makeUsualPathsWritable(
    names.map((name) => join(root, name)),
    join(root, 'place'),
  );
  const modeOf = (path: string) => statSync(path).mode & 0o7777;
  const [temporary, lock, closed] = names.map((name) => remap[join(root, name)] ?? '');
  expect([temporary, `${temporary}/spool`, lock].map((path) => modeOf(path ?? ''))).toEqual([
    0o1777, 0o2775, 0o1777,
  ]);
  // The guest owns the copy, and is not root as in the image: it needs write permission.
  expect(modeOf(closed ?? '')).toBe(0o755);
});
