import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { isOverridePath, stateFolder, stateHome } from './state-folder.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'boxer-state-')));
  mkdirSync(join(root, 'one'));
  mkdirSync(join(root, 'two'));
  symlinkSync(join(root, 'one'), join(root, 'link'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('the state folder follows the XDG Base Directory Specification', () => {
  expect(stateHome({ HOME: '/home/a' })).toBe('/home/a/.local/state/boxer');
  expect(stateHome({ HOME: '/home/a', XDG_STATE_HOME: '/state' })).toBe('/state/boxer');
  expect(stateHome({ HOME: '/home/a', XDG_STATE_HOME: 'relative' })).toBe('/home/a/.local/state/boxer');
});

test('each checkout and each name has a folder of its own, and a symbolic link to a project is that project', () => {
  const of = (directory: string, name: string) =>
    stateFolder({ XDG_STATE_HOME: '/state' }, join(root, directory), name);
  expect(of('one', 'app')).toMatch(/^\/state\/boxer\/app-[0-9a-f]{12}$/);
  expect(new Set([of('one', 'app'), of('two', 'app'), of('one', 'other')]).size).toBe(3);
  expect(of('link', 'app')).toBe(of('one', 'app'));
});

test.each([
  ['/home/a/.local/state/boxer/app-0123456789ab/override.yaml', true],
  ['/p/.boxer/override.yaml', true],
  ['/p/override.yaml', false],
  ['/home/a/boxer/app/override.yaml', false],
])('%s is an override of Boxer: %s', (path, expected) => {
  expect(isOverridePath(path)).toBe(expected);
});
