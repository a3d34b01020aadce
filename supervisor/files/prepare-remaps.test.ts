import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { prepareRemaps } from './prepare-remaps.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxer-remap-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('a remapped directory starts with what the image has there', async () => {
  mkdirSync(join(root, 'lib/body'), { recursive: true });
  writeFileSync(join(root, 'lib/seed'), 'content');
  await prepareRemaps({ [join(root, 'lib')]: join(root, 'tmp/deep/lib') });
  expect(readFileSync(join(root, 'tmp/deep/lib/seed'), 'utf8')).toBe('content');
  expect(statSync(join(root, 'tmp/deep/lib/body')).isDirectory()).toBe(true);
});

test('a path that the image does not have becomes an empty directory', async () => {
  await prepareRemaps({ [join(root, 'absent')]: join(root, 'tmp/absent') });
  expect(statSync(join(root, 'tmp/absent')).isDirectory()).toBe(true);
});

test('a single file is copied, and what is already there is kept', async () => {
  writeFileSync(join(root, 'file'), 'image');
  await prepareRemaps({ [join(root, 'file')]: join(root, 'tmp/file') });
  writeFileSync(join(root, 'tmp/file'), 'guest');
  await prepareRemaps({ [join(root, 'file')]: join(root, 'tmp/file') });
  expect(readFileSync(join(root, 'tmp/file'), 'utf8')).toBe('guest');
});

test('a path inside another keeps its own content, in whatever order they are named', async () => {
  mkdirSync(join(root, 'data/sub'), { recursive: true });
  writeFileSync(join(root, 'data/file'), 'outer');
  writeFileSync(join(root, 'data/sub/file'), 'inner');
  const at = (path: string) => join(root, 'tmp', path);
  await prepareRemaps({ [join(root, 'data/sub')]: at('data/sub'), [join(root, 'data')]: at('data') });
  expect(readFileSync(at('data/file'), 'utf8')).toBe('outer');
  expect(readFileSync(at('data/sub/file'), 'utf8')).toBe('inner');
});

test('a path that stands where it is seen is made there and copied nowhere', async () => {
  mkdirSync(join(root, 'opt/own'), { recursive: true });
  const [opt, own, fresh] = [join(root, 'opt'), join(root, 'opt/own'), join(root, 'tmp/fresh/deep')];
  await prepareRemaps({ [opt]: join(root, 'tmp/opt'), [own]: own, [fresh]: fresh });
  expect(readdirSync(join(root, 'tmp/opt'))).toEqual([]);
  expect(statSync(fresh).isDirectory()).toBe(true);
});
