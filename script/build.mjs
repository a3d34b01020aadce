// Bundles the three programs, those whose sources changed. Bundling halves Node's load time and makes each
// program one folder to ship.
import { readdirSync } from 'node:fs';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { httpByRequire } from './lib/http-by-require.mjs';
import { hashOf } from './lib/inputs.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** A bundle for each command, so that a container loads no code that its command does not use. */
const commands = readdirSync('supervisor/commands')
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => name !== 'run-command');

const programs = [
  {
    entries: {
      start: 'supervisor/entrypoint.ts',
      ...Object.fromEntries(commands.map((name) => [name, `supervisor/commands/${name}.ts`])),
    },
    out: 'build/supervisor',
    name: 'boxer',
  },
  { entry: 'compose-plugin/main.ts', out: 'build/plugin', name: 'docker-boxer' },
  { entries: { 'lambda-local': 'lambda-local/main.ts' }, out: 'build/lambda-local', name: 'lambda-local' },
];

// The lock file stands for everything below node_modules.
const always = [
  ...['package-lock.json', 'package.json', 'tsconfig.json'],
  ...['build', 'lib/bundle-in-one', 'lib/http-by-require'].map((name) => `script/${name}.mjs`),
];

const stampOf = (name) => `build/.stamps/${name}.json`;

/** True if the bundle was made from just these sources. */
const isFresh = async ({ entries, out, name }) => {
  try {
    const { files, hash } = JSON.parse(await readFile(stampOf(name), 'utf8'));
    const made = entries ? Object.keys(entries).map((entry) => `${entry}.cjs`) : [`${name}.mjs`];
    for (const file of made) await access(`${out}/${file}`);
    return hash === hashOf(files);
  } catch {
    return false;
  }
};

/** The options of all bundles. */
const common = {
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
  logLevel: 'warning',
};

/** The sources among the inputs of esbuild, and what stands for the packages. */
const filesOf = (inputs) =>
  [...always, ...inputs.filter((file) => !/(^|\/)node_modules\/|^by-require:/.test(file))].sort();

/**
 * Makes a bundle of CommonJS for each entry. It starts faster than an ES module: where an ES module imports one
 * of Node's modules, Node evaluates all of its exports, and so loads undici for `http` and the streams for `fs`.
 */
const bundleEntries = async ({ entries }, outdir) => {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    ...{ ...common, outdir, entryPoints: entries, metafile: true },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    supported: { 'dynamic-import': false },
  });
  return Object.keys(metafile.inputs);
};

/** The plugin's verbs load their parts when they need them. */
const bundlePlugin = async ({ entry, name }, outdir) => {
  const { bundleInOne } = await import('./lib/bundle-in-one.mjs');
  const version = (inputs) => hashOf(filesOf(inputs)).slice(0, 12);
  return bundleInOne(entry, {
    ...{ ...common, outdir, name, version },
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    keepNames: true,
    plugins: [httpByRequire],
    banner: {
      js: "import { createRequire as boxerCreateRequire } from 'node:module'; const require = boxerCreateRequire(import.meta.url);",
    },
  });
};

const bundle = async (program) => {
  const { out, name, entries } = program;
  // Aside first: a bundle that cannot be made leaves the last good one where it is.
  const fresh = `${out}.${process.pid}`;
  const files = filesOf(await (entries ? bundleEntries : bundlePlugin)(program, fresh));
  await rm(out, { recursive: true, force: true });
  await rename(fresh, out);
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
