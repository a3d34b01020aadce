import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { wipeDirectory } from '../function/wipe.ts';
import { prepareRemaps } from './prepare-remaps.ts';

const silent = (): void => undefined;

/** Runs `work` as a user to whom file modes apply, even if the tests run as root. */
async function asSomebody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  chownSync(root, 65534, 65534);
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxer-remap-'));
});
afterEach(async () => {
  // Its folders may be read-only.
  await wipeDirectory(root);
  rmSync(root, { recursive: true });
});

test('a remapped directory starts with the content that it has in the image', async () => {
  mkdirSync(join(root, 'lib/body'), { recursive: true });
  writeFileSync(join(root, 'lib/seed'), 'content');
  await prepareRemaps({ [join(root, 'lib')]: join(root, 'tmp/deep/lib') }, silent);
  expect(readFileSync(join(root, 'tmp/deep/lib/seed'), 'utf8')).toBe('content');
  expect(statSync(join(root, 'tmp/deep/lib/body')).isDirectory()).toBe(true);
});

test('a path that the image does not have becomes an empty directory', async () => {
  await prepareRemaps({ [join(root, 'absent')]: join(root, 'tmp/absent') }, silent);
  expect(statSync(join(root, 'tmp/absent')).isDirectory()).toBe(true);
});

test('a single file is copied, but does not replace a copy that already exists', async () => {
  writeFileSync(join(root, 'file'), 'image');
  await prepareRemaps({ [join(root, 'file')]: join(root, 'tmp/file') }, silent);
  writeFileSync(join(root, 'tmp/file'), 'guest');
  await prepareRemaps({ [join(root, 'file')]: join(root, 'tmp/file') }, silent);
  expect(readFileSync(join(root, 'tmp/file'), 'utf8')).toBe('guest');
});

test('a path inside another one keeps its content, whichever of the two is named first', async () => {
  mkdirSync(join(root, 'data/sub'), { recursive: true });
  writeFileSync(join(root, 'data/file'), 'outer');
  writeFileSync(join(root, 'data/sub/file'), 'inner');
  const at = (path: string) => join(root, 'tmp', path);
  await prepareRemaps({ [join(root, 'data/sub')]: at('data/sub'), [join(root, 'data')]: at('data') }, silent);
  expect(readFileSync(at('data/file'), 'utf8')).toBe('outer');
  expect(readFileSync(at('data/sub/file'), 'utf8')).toBe('inner');
});

test('a path that is remapped to itself is made if it is missing, and is not copied', async () => {
  mkdirSync(join(root, 'opt/own'), { recursive: true });
  const [opt, own, fresh] = [join(root, 'opt'), join(root, 'opt/own'), join(root, 'tmp/fresh/deep')];
  await prepareRemaps({ [opt]: join(root, 'tmp/opt'), [own]: own, [fresh]: fresh }, silent);
  expect(readdirSync(join(root, 'tmp/opt'))).toEqual([]);
  expect(statSync(fresh).isDirectory()).toBe(true);
});

test('unreadable entries are reported by name, and all others are copied', async () => {
  const tree = join(root, 'tree');
  mkdirSync(join(tree, 'a/closed'), { recursive: true });
  for (const name of ['a/1', 'a/2', 'b', 'a/closed/inside', 'z']) writeFileSync(join(tree, name), name);
  for (const name of ['a/1', 'a/closed']) chmodSync(join(tree, name), 0);
  symlinkSync('b', join(tree, 'link'));
  const lines: string[] = [];
  await asSomebody(() => prepareRemaps({ [tree]: join(root, 'tmp/tree') }, (line) => lines.push(line)));
  const copied = (name: string) => join(root, 'tmp/tree', name);
  for (const name of ['a/2', 'b', 'z']) expect(readFileSync(copied(name), 'utf8')).toBe(name);
  expect(readFileSync(copied('link'), 'utf8')).toBe('b');
  expect(existsSync(copied('a/1'))).toBe(false);
  expect(lines).toEqual([
    `remap of ${tree}: not copied, as this user may not read them: ` +
      `${tree}/a/1 (EACCES), ${tree}/a/closed (EACCES)`,
  ]);
});

test('of many unreadable files, the first five are named and the others counted', async () => {
  const tree = join(root, 'tree');
  mkdirSync(tree);
  for (let i = 0; i < 20; i++) writeFileSync(join(tree, `${i}`), '', { mode: 0 });
  const lines: string[] = [];
  await asSomebody(() => prepareRemaps({ [tree]: join(root, 'tmp/tree') }, (line) => lines.push(line)));
  expect(lines).toEqual([expect.stringMatching(/(\S+\/tree\/\d+ \(EACCES\), ){5}15 more$/)]);
});

test('a single unreadable file is reported as well', async () => {
  writeFileSync(join(root, 'file'), '', { mode: 0 });
  const lines: string[] = [];
  const remap = { [join(root, 'file')]: join(root, 'tmp/file') };
  await asSomebody(() => prepareRemaps(remap, (line) => lines.push(line)));
  expect(lines).toEqual([expect.stringContaining(`${join(root, 'file')} (EACCES)`)]);
});

test('modes and times of files and folders are kept', async () => {
  const tree = join(root, 'tree');
  mkdirSync(join(tree, 'shared'), { recursive: true });
  writeFileSync(join(tree, 'shared/program'), '');
  chmodSync(join(tree, 'shared/program'), 0o750);
  utimesSync(join(tree, 'shared/program'), 1000, 2000);
  chmodSync(join(tree, 'shared'), 0o3775);
  chmodSync(tree, 0o1777);
  utimesSync(join(tree, 'shared'), 3000, 4000);
  await prepareRemaps({ [tree]: join(root, 'tmp/tree') }, silent);
  const stat = (name: string) => statSync(join(root, 'tmp/tree', name));
  expect([stat('.'), stat('shared'), stat('shared/program')].map(({ mode }) => mode & 0o7777)).toEqual([
    0o1777, 0o3775, 0o750,
  ]);
  expect([stat('shared').mtimeMs, stat('shared/program').mtimeMs]).toEqual([4_000_000, 2_000_000]);
});
