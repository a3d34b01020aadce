import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const BUNDLE_IN_ONE = JSON.stringify(new URL('bundle-in-one.mjs', import.meta.url).href);

const sources = {
  'main.ts': "const { main } = await import('./verbs/main.ts');\nawait main(process.argv[2] ?? '');\n",
  'verbs/main.ts': `import { Known, say } from '../known.ts';
    const verbs: Record<string, () => Promise<{ verb: () => void }>> = {
      light: () => import('./light.ts'),
      heavy: () => import('./heavy.ts'),
    };
    export async function main(name: string) {
      say('main');
      try { (await verbs[name]?.())?.verb(); } catch (error) { say(String(error instanceof Known)); }
    }`,
  'verbs/light.ts':
    "import { say } from '../known.ts';\nsay('light runs');\nexport const verb = () => say('light');\n",
  'verbs/heavy.ts': `import { sdk } from '@aws-sdk/sdk';
    import { Known, say } from '../known.ts';
    export const verb = () => { say(sdk); throw new Known(); };`,
  'known.ts': `export class Known extends Error {}
    export const say = (text: string) => process.stdout.write(text + '\\n');`,
  'node_modules/@aws-sdk/sdk/package.json': '{"name":"@aws-sdk/sdk","main":"index.js"}',
  'node_modules/@aws-sdk/sdk/index.js': "process.stdout.write('sdk runs\\n'); exports.sdk = 'sdk';",
  'bundle.mjs': `import { bundleInOne } from ${BUNDLE_IN_ONE};
    await bundleInOne('main.ts', {
      outdir: 'out', name: 'program', version: () => '1',
      bundle: true, platform: 'node', format: 'esm', outExtension: { '.js': '.mjs' }, plugins: [],
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });`,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-one-'));
  for (const [name, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  execFileSync(process.execPath, ['bundle.mjs'], { cwd: folder, stdio: 'inherit' });
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (verb: string) =>
  execFileSync(process.execPath, ['out/program.mjs', verb], { cwd: folder, encoding: 'utf8' }).split('\n');

test('a module behind an import() runs only when it is imported', () => {
  expect(run('none')).toEqual(['main', '']);
  expect(run('light')).toEqual(['main', 'light runs', 'light', '']);
});

test('only the verb that uses a heavy package loads it, and a class of the program exists once', () => {
  expect(run('heavy')).toEqual(['main', 'sdk runs', 'sdk', 'true', '']);
});

test('what uses no heavy package is in one file', () => {
  const made = readdirSync(join(folder, 'out'));
  expect(made.filter((name) => name.endsWith('.cjs'))).toEqual(['main-1.cjs']);
  expect(made.filter((name) => name.includes('verbs'))).toEqual(['verbs-heavy.mjs']);
});
