import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseInvocation } from '../invocation/invocation.ts';
import { findProject } from './project.ts';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'boxer-project-')));
  mkdirSync(join(folder, 'sub'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (file: string, text = '') => writeFileSync(join(folder, file), text);
const find = (words: string[] = [], env: NodeJS.ProcessEnv = {}, cwd = folder) =>
  findProject(parseInvocation(['boxer', ...words, 'up']), env, cwd);
const inFolder = (...files: string[]) => files.map((file) => join(folder, file));

test('default files, with the user’s own override, from a folder below', () => {
  put('compose.yml');
  put('compose.override.yaml');
  expect(find([], {}, join(folder, 'sub'))).toMatchObject({
    directory: folder,
    files: inFolder('compose.yml', 'compose.override.yaml'),
    origin: 'default',
    linked: false,
  });
});

test('a linked project is read without our override', () => {
  put('.env', 'COMPOSE_FILE=compose.yaml:.boxer/override.yaml\n');
  expect(find()).toMatchObject({ files: inFolder('compose.yaml'), origin: 'env-file', linked: true });
});

test('the shell wins over .env, and -f over both', () => {
  put('.env', 'COMPOSE_FILE=a.yaml\nCOMPOSE_PATH_SEPARATOR=;\n');
  expect(find([], { COMPOSE_FILE: 'b.yaml;c.yaml' })).toMatchObject({
    files: inFolder('b.yaml', 'c.yaml'),
    origin: 'shell',
  });
  expect(find(['-f', 'sub/d.yaml'])).toMatchObject({
    files: ['sub/d.yaml'],
    directory: join(folder, 'sub'),
    origin: 'flag',
  });
});

test('--project-directory is where .boxer goes', () => {
  expect(find(['--project-directory', 'sub', '-f', 'x.yaml']).folder).toBe(join(folder, 'sub', '.boxer'));
});

test('--env-file in place of .env', () => {
  put('.env', 'COMPOSE_FILE=a.yaml\n');
  put('other.env', 'NAME=b\nCOMPOSE_FILE=$NAME.yaml\n');
  expect(find(['--env-file', 'other.env']).files).toEqual(inFolder('b.yaml'));
});
