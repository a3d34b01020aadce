import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { serviceKey, writeKeys } from './keys.ts';
import { makeStateFolder } from './make-state-folder.ts';

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'boxer-keys-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

test('keys are made once, derived as documented, and have the documented file modes', () => {
  const folder = join(parent, 'p');
  makeStateFolder({ folder, directory: '/p', name: 'p' });
  writeKeys(folder, ['web']);
  const key = readFileSync(join(folder, 'key'), 'utf8');
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(readFileSync(join(folder, 'keys', 'web'), 'utf8')).toBe(
    serviceKey(Buffer.from(key, 'hex'), 'web').toString('hex'),
  );
  const mode = (path: string) => (statSync(join(folder, path)).mode & 0o777).toString(8);
  expect(['', 'key', 'keys', 'keys/web'].map(mode)).toEqual(['700', '600', '700', '644']);

  const inode = statSync(join(folder, 'keys', 'web')).ino;
  writeKeys(folder, ['web', 'db']);
  expect(readFileSync(join(folder, 'key'), 'utf8')).toBe(key);
  expect(statSync(join(folder, 'keys', 'web')).ino).toBe(inode);

  writeFileSync(join(folder, 'key'), 'garbage');
  expect(() => writeKeys(folder, ['web'])).toThrow(expect.objectContaining({ code: 'KEY' }));
});

test('serviceKey() gives 32 bytes that differ from service to service', () => {
  expect(serviceKey(Buffer.alloc(32), 'worker').toString('hex')).toHaveLength(64);
  expect(serviceKey(Buffer.alloc(32), 'worker')).not.toEqual(serviceKey(Buffer.alloc(32), 'web'));
});
