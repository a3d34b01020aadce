import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findProject } from '../compose/project.ts';
import { parseInvocation } from '../invocation/invocation.ts';
import { requireCompose } from './compose-version.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-version-'));
  mkdirSync(join(folder, 'cli-plugins'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Installs a Compose of this version, which notes that it was asked. */
const install = (version: string) =>
  writeFileSync(
    join(folder, 'cli-plugins', 'docker-compose'),
    `#!/bin/sh\necho "$*" >>${join(folder, 'calls')}\necho ${version}\n`,
    { mode: 0o755 },
  );
const asked = () => {
  const file = join(folder, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0;
};
const check = () => {
  const env = { PATH: process.env.PATH, DOCKER_CONFIG: folder };
  const project = { ...findProject(parseInvocation(['boxer', 'up']), env, folder), folder };
  const engine = { flags: [], context: undefined, env, signal: new AbortController().signal };
  return requireCompose({ engine, project });
};

test('an installed Compose is asked for its version once, and another one again', async () => {
  install('2.40.3');
  await check();
  await check();
  expect(asked()).toBe(1);
  install('v2.36.0-desktop.1');
  await check();
  expect(asked()).toBe(2);
});

test('a Compose that is too old is refused every time', async () => {
  install('2.35.1');
  for (const _ of ['once', 'twice']) await expect(check()).rejects.toMatchObject({ code: 'OLD_COMPOSE' });
  expect(asked()).toBe(2);
});
