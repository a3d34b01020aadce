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

test("findProject() finds the default files and the user's override from a folder below", () => {
  put('compose.yml');
  put('compose.override.yaml');
  expect(find([], {}, join(folder, 'sub'))).toMatchObject({
    directory: folder,
    files: inFolder('compose.yml', 'compose.override.yaml'),
    origin: 'default',
    linked: undefined,
  });
});

test("findProject() leaves Boxer's override out of a linked project", () => {
  const { override } = find();
  for (const linked of [override, join(folder, '.boxer', 'override.yaml')]) {
    put('.env', `COMPOSE_FILE=compose.yaml:${linked}\n`);
    expect(find()).toMatchObject({ files: inFolder('compose.yaml'), origin: 'env-file', linked, override });
  }
});

test('findProject() prefers COMPOSE_FILE of the shell to .env, and -f to both', () => {
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

test('findProject() puts the state outside of the project, by its --project-directory', () => {
  const state = { XDG_STATE_HOME: '/state' };
  const found = find(['--project-directory', 'sub', '-f', 'x.yaml'], state);
  expect(found.folder).toMatch(/^\/state\/boxer\/sub-[0-9a-f]{12}$/);
  expect(found.folder).toBe(find([], { ...state, COMPOSE_FILE: 'sub/x.yaml' }).folder);
});

test('findProject() reads --env-file in place of .env', () => {
  put('.env', 'COMPOSE_FILE=a.yaml\n');
  put('other.env', 'NAME=b\nCOMPOSE_FILE=$NAME.yaml\n');
  expect(find(['--env-file', 'other.env']).files).toEqual(inFolder('b.yaml'));
});

test('findProject() names a project and its state as Compose names the project', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose substitutes it.
  put('compose.yaml', 'name: ${APP:-shop}\nservices: {}\n');
  expect([find().name, find([], { APP: 'store' }).name]).toEqual(['shop', 'store']);
  put('.env', 'COMPOSE_PROJECT_NAME=of-env\n');
  expect([find().name, find(['-p', 'given']).name]).toEqual(['of-env', 'given']);
  expect(find().folder).not.toBe(find(['-p', 'given']).folder);
});
