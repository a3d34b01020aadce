import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Home, makeHome } from '../testing/home.ts';
import { makeProject, type Ran, type TestProject } from '../testing/project.ts';

/** Where packages put the Compose plugin. */
const compose = ['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec']
  .map((folder) => `${folder}/docker/cli-plugins/docker-compose`)
  .find((path) => existsSync(path));

let home: Home;
let project: TestProject;
let calls: string;
beforeAll(async () => {
  home = await makeHome();
  calls = join(home.root, 'calls');
  // Compose itself, which also notes that it was called.
  const counting = `#!/bin/sh\necho "$*" >>${calls}\nexec ${compose} "$@"\n`;
  writeFileSync(join(home.root, 'docker/cli-plugins/docker-compose'), counting, { mode: 0o755 });
});
afterEach(() => {
  project.remove();
  project.docker('image', 'rm', `${project.name}:1`);
});
afterAll(() => home.remove());

const file = (more = '') => `
services:
  worker:
    image: \${IMAGE:-debian:bookworm-slim}
    command: ["sleep", "\${FOR:-600}"]
    env_file: [{ path: settings.env, required: false }]
    shm_size: 64m
    x-boxer: lambda
${more}`;

/** Calls \`docker boxer config\`, and tells how often that started Compose. */
function config(...words: string[]): Ran & { started: number } {
  rmSync(calls, { force: true });
  const ran = project.boxer(...words, 'config');
  const metadata = /^docker-cli-plugin-metadata$/;
  const lines = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
  return { ...ran, started: lines.filter((line) => !metadata.test(line)).length };
}

/** A project whose reading is kept. A file that has just been written is not trusted, hence the second call. */
function known(text = file()): Ran {
  project = makeProject(home, { 'compose.yaml': text, 'settings.env': 'COLOUR=red\n' });
  config();
  return config();
}

test('config starts Compose once while nothing has changed, and prints and remarks the same', () => {
  const first = known();
  expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('COLOUR: red') });
  expect(first.stderr).toMatch(/shm_size: ignored/);
  expect(config()).toEqual({ ...first, started: 1 });
});

test.each([
  ['an env_file', () => project.write('settings.env', 'COLOUR=blue\n'), 'COLOUR: blue'],
  ['an env_file that goes', () => rmSync(join(project.directory, 'settings.env')), 'sleep'],
  ['the .env file', () => project.write('.env', 'FOR=31\n'), '"31"'],
  [
    'the compose file',
    () => project.write('compose.yaml', file('    environment: {SHAPE: round}\n')),
    'SHAPE',
  ],
  ['the project key', () => project.write(project.state('key'), 'ab'.repeat(32)), 'sleep'],
  ['a lost key', () => rmSync(project.state('keys'), { recursive: true }), 'sleep'],
  ['the override', () => project.write(project.state('override.yaml'), 'services: {}\n'), 'boxer-seed'],
])('config reads the project again after a change of %s', (_what, change, shown) => {
  known();
  expect(config().started).toBe(1);
  change();
  const changed = config();
  expect(changed).toMatchObject({ code: 0, stdout: expect.stringContaining(shown) });
  expect(changed.started).toBeGreaterThan(1);
  expect(project.has(project.state('keys', 'worker'))).toBe(true);
});

test('config reads the project again where the image of a tag or a variable of the shell is another', () => {
  project = makeProject(home, { 'compose.yaml': file(), '.env': '' });
  project.write('.env', `IMAGE=${project.name}:1\n`);
  const tag = (image: string) =>
    expect(project.docker('tag', image, `${project.name}:1`)).toMatchObject({ code: 0 });
  tag('debian:bookworm-slim');
  config();
  const before = config();
  expect(config().started).toBe(1);
  tag(home.images.runtime);
  const after = config();
  expect(after.started).toBeGreaterThan(1);
  const twin = /boxer-twin\/\S+/;
  expect(twin.exec(after.stdout)?.[0]).not.toBe(twin.exec(before.stdout)?.[0]);
  expect(config().started).toBe(1);
  home.env.FOR = '32';
  const other = config();
  delete home.env.FOR;
  expect(other.stdout).toContain('"32"');
  expect(other.started).toBeGreaterThan(1);
});

test('config reads a project with other compose files every time', () => {
  const compose = file('    extends: { file: base.yaml, service: base }\n');
  const base = 'services: {base: {labels: {version: one}}}\n';
  project = makeProject(home, { 'compose.yaml': compose, 'base.yaml': base });
  for (const _ of ['once', 'twice']) expect(config().stdout).toContain('version: one');
  project.write('base.yaml', 'services: {base: {labels: {version: two}}}\n');
  expect(config().stdout).toContain('version: two');
});
