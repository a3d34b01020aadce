import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeMissingFolders } from './missing-folders.ts';

let root: string;
let place: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxer-missing-'));
  place = join(root, 'place');
});
afterEach(() => rmSync(root, { recursive: true }));

test('the outermost missing folder is remapped, and contains the file that is mounted in it', async () => {
  mkdirSync(join(root, 'srv'));
  const [app, deep] = [join(root, 'srv/app'), join(root, 'srv/app/deep')];
  mkdirSync(join(place, app), { recursive: true });
  writeFileSync(join(place, app, 'app.py'), '');
  const remap = { [join(app, 'app.py')]: join(place, app, 'app.py') };
  expect(await makeMissingFolders([app, deep], remap, place)).toEqual({ [app]: join(place, app) });
  expect(readdirSync(join(place, app)).sort()).toEqual(['app.py', 'deep']);
});

test('folders that exist are not remapped', async () => {
  expect(await makeMissingFolders([root, '/'], {}, place)).toEqual({});
  expect(existsSync(place)).toBe(false);
});

test('a missing folder below a remapped one is made at its real path', async () => {
  const real = join(root, 'real');
  expect(await makeMissingFolders(['/nowhere/work/dir'], { '/nowhere': real }, place)).toEqual({});
  expect(existsSync(join(real, 'work/dir'))).toBe(true);
});
