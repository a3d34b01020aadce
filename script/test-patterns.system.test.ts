import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execa } from 'execa';

const ROOT = new URL('..', import.meta.url).pathname;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-script-test-'));
  // Nothing that is asked of docker here may be answered.
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\necho "$@" >>${folder}/asked\nexit 1\n`);
  chmodSync(join(folder, 'docker'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ['unit', 'supervisor/control/backoff.test.ts'],
  ['system', 'supervisor/launches/sidecar.system.test.ts'],
])('script/test with a pattern for a %s test neither asks docker nor checks the code', async (_, pattern) => {
  const { stdout, exitCode } = await execa('script/test', [pattern], {
    cwd: ROOT,
    env: { PATH: `${folder}:${process.env.PATH}` },
    reject: false,
  });
  expect(stdout).toMatch(/^== jest\n[1-9]\d* passed, 0 failed$/);
  expect({ exitCode, asked: existsSync(join(folder, 'asked')) }).toEqual({ exitCode: 0, asked: false });
});
