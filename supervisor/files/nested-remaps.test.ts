import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { linkNestedRemaps } from './nested-remaps.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxer-nested-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('a path that is remapped below a remapped directory is an entry of that directory', async () => {
  const at = (name: string) => join(root, name);
  for (const folder of ['run', 'files', 'site', 'kept']) mkdirSync(at(folder));
  writeFileSync(at('files/password'), 's3cret');
  writeFileSync(at('site/index.html'), 'site');
  writeFileSync(at('run/taken'), 'of the image');
  await linkNestedRemaps({
    '/run': at('run'),
    '/run/secrets/password': at('files/password'),
    '/run/site': at('site'),
    '/run/site/deep/kept': at('kept'),
    '/run/taken': at('files/password'),
    '/etc/alone': at('files/password'),
  });
  expect(readdirSync(at('run')).sort()).toEqual(['secrets', 'site', 'taken']);
  expect(readFileSync(at('run/secrets/password'), 'utf8')).toBe('s3cret');
  expect(readFileSync(at('run/site/index.html'), 'utf8')).toBe('site');
  expect(readdirSync(at('site/deep'))).toEqual(['kept']);
  expect(readFileSync(at('run/taken'), 'utf8')).toBe('of the image');
});
