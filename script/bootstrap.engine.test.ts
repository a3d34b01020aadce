import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';

const ROOT = new URL('..', import.meta.url).pathname;

test('where everything is there, nothing is done', async () => {
  const made = ['build/images.json', 'build/plugin/docker-boxer.mjs'];
  const times = () => Promise.all(made.map(async (file) => (await stat(join(ROOT, file))).mtimeMs));
  await execa('script/bootstrap', { cwd: ROOT });
  const before = await times();
  const { stderr } = await execa('script/bootstrap', { cwd: ROOT });
  expect(stderr).toMatch(/^bootstrap: ready: .*$/);
  expect(await times()).toEqual(before);
});
