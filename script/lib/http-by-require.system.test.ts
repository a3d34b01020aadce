import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { build, type Plugin } from 'esbuild';
import { httpByRequire } from './http-by-require.mjs';

const program = `
  import { Agent, request } from 'node:http';
  import * as all from 'http';
  process.stdout.write(JSON.stringify({
    works: typeof request === 'function' && all.Agent === Agent,
    undici: process.moduleLoadList.some((name) => name.includes('undici')),
  }));
`;

/** Bundles the program as script/build.mjs does, runs it, and gives what it says. */
async function run(plugins: Plugin[]): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: { contents: program },
    ...{ bundle: true, write: false, platform: 'node', format: 'esm', plugins },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire('file:///bundle.mjs');",
    },
  });
  const input = outputFiles[0]?.text ?? '';
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module'], { input, encoding: 'utf8' }));
}

test('a bundle that imports node:http does not load undici', async () => {
  expect(await run([httpByRequire])).toEqual({ works: true, undici: false });
});

test('without the plugin the bundle loads undici', async () => {
  expect(await run([])).toEqual({ works: true, undici: true });
});
