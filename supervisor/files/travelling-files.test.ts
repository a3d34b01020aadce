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
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { wipeDirectory } from '../function/wipe.ts';
import { collectFiles, mountPoints, placeFiles } from './travelling-files.ts';

let root: string;
beforeEach(() => {
  // Every user can reach /var/tmp; TMPDIR may be a folder that only this user can enter.
  root = mkdtempSync('/var/tmp/boxer-files-');
});
afterEach(async () => {
  // Its folders may be read-only.
  await wipeDirectory(root);
  rmSync(root, { recursive: true });
});

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

test('an absolute link to a file that travels too leads to the placed file', async () => {
  const [config, other] = [join(root, 'config'), join(root, 'other')];
  mkdirSync(join(config, 'deep'), { recursive: true });
  writeFileSync(join(config, 'file'), 'from the folder');
  writeFileSync(other, 'from elsewhere');
  symlinkSync(join(config, 'file'), join(config, 'deep/link'));
  symlinkSync(other, join(config, 'outside'));
  symlinkSync('/etc/hostname', join(config, 'platform'));
  symlinkSync('/no/such/file', join(config, 'dangling'));

  const files = await collectFiles([config, other]);
  rmSync(config, { recursive: true });
  rmSync(other);
  const remap = await placeFiles(files, [config, other], join(root, 'place'));
  const placed = remap[config] ?? '';
  expect(readFileSync(join(placed, 'deep/link'), 'utf8')).toBe('from the folder');
  expect(readFileSync(join(placed, 'outside'), 'utf8')).toBe('from elsewhere');
  expect(readlinkSync(join(placed, 'platform'))).toBe('/etc/hostname');
  expect(readlinkSync(join(placed, 'dangling'))).toBe('/no/such/file');
});

test('a read-only folder with files in it keeps its mode', async () => {
  const sealed = join(root, 'sealed');
  mkdirSync(join(sealed, 'inner'), { recursive: true });
  writeFileSync(join(sealed, 'inner/file'), 'x');
  chmodSync(join(sealed, 'inner'), 0o500);
  chmodSync(sealed, 0o550);
  const remap = await placeFiles(await collectFiles([sealed]), [sealed], join(root, 'place'));
  const placed = remap[sealed] ?? '';
  expect(statSync(placed).mode & 0o777).toBe(0o550);
  expect(statSync(join(placed, 'inner')).mode & 0o777).toBe(0o500);
});

test('collecting fails with the path of a file that the service’s user may not read', async () => {
  const secret = join(root, 'folder/secret');
  mkdirSync(join(root, 'folder'));
  chmodSync(root, 0o755);
  writeFileSync(secret, 'x', { mode: 0 });
  const privileged = process.getuid?.() === 0;
  // Modes do not apply to root.
  if (privileged) process.seteuid?.(65_534);
  try {
    await expect(collectFiles([root])).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: `${secret} cannot travel to a function: EACCES`,
    });
  } finally {
    if (privileged) process.seteuid?.(0);
  }
});

test('collecting fails at the path of the first entry that exceeds the limit of 10000 entries', async () => {
  for (let folder = 0; folder < 101; folder++) {
    mkdirSync(join(root, String(folder)));
    for (let file = 0; file < 100; file++) writeFileSync(join(root, String(folder), String(file)), '');
  }
  await expect(collectFiles([root])).rejects.toMatchObject({
    code: 'FILES_TOO_LARGE',
    message: expect.stringContaining(`exceed the limit of 10000 files and folders at ${root}/`),
  });
});

test('a mount over a symbolic link is visible at the link and at its target', async () => {
  const at = (name: string) => join(root, name);
  for (const folder of ['available', 'enabled', 'run']) mkdirSync(at(folder));
  for (const file of ['available/site', 'run/password']) writeFileSync(at(file), 'mounted');
  symlinkSync(at('available/site'), at('enabled/site'));
  symlinkSync('run', at('var-run'));

  const mounts = await mountPoints([at('enabled/site'), at('var-run/password'), at('absent')]);
  const ends = ['enabled/site', 'var-run/password', 'absent', 'available/site', 'run/password'];
  expect(mounts).toEqual(ends.map(at));
  const present = mounts.filter((path) => path !== at('absent'));
  const remap = await placeFiles(await collectFiles(present), present, at('place'));
  writeFileSync(at('available/site'), 'of the image');
  for (const path of present) expect(readFileSync(remap[path] ?? '', 'utf8')).toBe('mounted');
});

test('collecting fails at the path of the file that exceeds the limit of 4 MB', async () => {
  writeFileSync(join(root, 'large'), Buffer.alloc(5 * 1024 * 1024));
  await expect(collectFiles([root])).rejects.toMatchObject({
    code: 'FILES_TOO_LARGE',
    message: expect.stringContaining(join(root, 'large')),
  });
});
