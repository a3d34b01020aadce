import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { collectFiles, placeFiles } from './travelling-files.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxer-files-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('files arrive with their bytes, modes and links, at their own path', async () => {
  const config = join(root, 'config');
  mkdirSync(join(config, 'deep'), { recursive: true });
  writeFileSync(join(config, 'deep/binary'), Buffer.from([0, 255, 10]));
  chmodSync(join(config, 'deep/binary'), 0o440);
  symlinkSync('deep/binary', join(config, 'link'));
  const secret = join(root, 'secret');
  writeFileSync(secret, 's3cret');

  const remap = await placeFiles(await collectFiles([config, secret]), [config, secret], join(root, 'place'));
  expect(remap).toEqual({ [config]: join(root, 'place', config), [secret]: join(root, 'place', secret) });
  const placed = remap[config] ?? '';
  expect(readFileSync(join(placed, 'deep/binary'))).toEqual(Buffer.from([0, 255, 10]));
  expect(statSync(join(placed, 'deep/binary')).mode & 0o777).toBe(0o440);
  expect(readlinkSync(join(placed, 'link'))).toBe('deep/binary');
  expect(readFileSync(remap[secret] ?? '', 'utf8')).toBe('s3cret');
});

test('more than an invocation can carry is refused, with the path', async () => {
  writeFileSync(join(root, 'large'), Buffer.alloc(5 * 1024 * 1024));
  await expect(collectFiles([root])).rejects.toMatchObject({
    code: 'FILES_TOO_LARGE',
    message: expect.stringContaining(join(root, 'large')),
  });
});
