// Bundles the three programs, those whose sources changed. Bundling halves Node's load time and makes each
// program one folder to ship.
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { hashOf } from './lib/inputs.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** A bundle for each command, so that a container loads no code that its command does not use. */
const commands = [
  'beside',
  'function',
  'inspect',
  'node',
  'nodes',
  'phantom',
  'precompile',
  'probe',
  'relay',
  'seed',
  'twins',
];

const programs = [
  {
    entries: {
      start: 'supervisor/entrypoint.ts',
      ...Object.fromEntries(commands.map((name) => [name, `supervisor/commands/${name}.ts`])),
    },
    out: 'build/supervisor',
    name: 'boxer',
  },
  { entries: { 'docker-boxer': 'compose-plugin/main.ts' }, out: 'build/plugin', name: 'docker-boxer' },
  { entries: { 'lambda-local': 'lambda-local/main.ts' }, out: 'build/lambda-local', name: 'lambda-local' },
];

/**
 * CommonJS starts faster than ES modules do: where an ES module imports one of Node's modules, Node evaluates
 * all of its exports, and so loads undici for `http` and the streams for `fs`. The plugin has ES modules, as
 * only these can be split into parts that load when a verb needs them.
 */
const FORMATS = {
  cjs: {
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    supported: { 'dynamic-import': false },
  },
  esm: {
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    splitting: true,
    chunkNames: 'chunks/[hash]',
    banner: {
      js: "import { createRequire as boxerCreateRequire } from 'node:module'; const require = boxerCreateRequire(import.meta.url);",
    },
  },
};
const formatOf = (name) => FORMATS[name === 'docker-boxer' ? 'esm' : 'cjs'];

// The lock file stands for everything below node_modules.
const always = ['package-lock.json', 'package.json', 'script/build.mjs', 'tsconfig.json'];

const stampOf = (name) => `build/.stamps/${name}.json`;

/** True if the bundle was made from just these sources. */
const isFresh = async ({ entries, out, name }) => {
  try {
    const { files, hash } = JSON.parse(await readFile(stampOf(name), 'utf8'));
    const extension = formatOf(name).outExtension['.js'];
    for (const entry of Object.keys(entries)) await access(`${out}/${entry}${extension}`);
    return hash === hashOf(files);
  } catch {
    return false;
  }
};

const bundle = async ({ entries, out, name }) => {
  const { build } = await import('esbuild');
  // Aside first: a bundle that cannot be made leaves the last good one where it is.
  const fresh = `${out}.${process.pid}`;
  const { metafile } = await build({
    entryPoints: entries,
    outdir: fresh,
    bundle: true,
    platform: 'node',
    // The ES modules of a package, where it has them: esbuild leaves out what a program does not use of
    // those. That is half of the AWS SDK.
    mainFields: ['module', 'main'],
    target: 'node22',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    external: ['*.node'],
    ...formatOf(name),
    logLevel: 'warning',
    metafile: true,
  });
  await rm(out, { recursive: true, force: true });
  await rename(fresh, out);
  const sources = Object.keys(metafile.inputs).filter((file) => !file.startsWith('node_modules/'));
  const files = [...always, ...sources].sort();
  await mkdir('build/.stamps', { recursive: true });
  await writeFile(stampOf(name), JSON.stringify({ files, hash: hashOf(files) }));
};

const wanted = process.argv.slice(2);
for (const program of programs) {
  if (wanted.length > 0 && !wanted.includes(program.name)) continue;
  if (await isFresh(program)) continue;
  // esbuild has printed what is wrong.
  await bundle(program).catch(() => process.exit(1));
}
