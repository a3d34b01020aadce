import { join } from 'node:path';
import { build } from 'esbuild';

/** Packages that take long to load and that few calls use. */
const HEAVY = /(^|\/)node_modules\/@(aws-sdk|smithy)\//;

/**
 * Bundles a program into one CommonJS file, its entry and ES modules with what uses the heavy packages. Node.js
 * takes longer to find, read and link a small ES module than to run it, and each call of a program with many
 * verbs needs dozens of them. In the one file, too, a module behind an import() runs when it is imported.
 *
 * The entry must do no more than prepare and import() the rest. The one file is named after `version`, which
 * differs for other sources.
 * @returns the sources, as esbuild's metafile names them
 */
export async function bundleInOne(entry, { outdir, name, version, plugins, banner, ...common }) {
  const { metafile } = await build({
    ...{ ...common, plugins, banner, outdir, entryPoints: [entry], write: false, metafile: true },
  });
  const parts = partsOf(metafile.inputs, entry);
  const names = await exportedNames([...parts.shared], { ...common, plugins, outdir });
  const file = `main-${version(Object.keys(metafile.inputs))}.cjs`;
  const lazy = [...parts.shared].map((path) => `${JSON.stringify(path)}: () => require('./${path}')`);
  await build({
    ...common,
    stdin: { contents: `module.exports = { ${lazy.join(',\n')} };`, resolveDir: process.cwd() },
    outfile: join(outdir, file),
    format: 'cjs',
    plugins: [apart(parts)],
  });
  const entries = [...parts.apart].map((path) => [nameOf(path), path]);
  await build({
    ...{ ...common, banner, outdir, splitting: true, chunkNames: '[hash]' },
    entryPoints: { [name]: entry, ...Object.fromEntries(entries) },
    plugins: [...plugins, fromOneFile(names, file)],
  });
  return Object.keys(metafile.inputs);
}

const nameOf = (path) => path.replace(/\.ts$/, '').replaceAll('/', '-');

/**
 * Sorts the modules of a program. `one`: those of the one file. `apart`: those that use heavy packages and are
 * reached by import() from there. `shared`: those of the one file that others import.
 */
function partsOf(inputs, entry) {
  const isAtStart = ({ kind }) => kind === 'import-statement' || kind === 'require-call';
  const heavy = new Map();
  const isHeavy = (path) => {
    if (!heavy.has(path)) {
      heavy.set(path, HEAVY.test(path));
      const found = inputs[path].imports.filter(isAtStart).some((to) => !to.external && isHeavy(to.path));
      heavy.set(path, HEAVY.test(path) || found);
    }
    return heavy.get(path);
  };
  const parts = { one: new Set(), apart: new Set(), shared: new Set() };
  const follow = (path, seen, visit) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { path: to, external } of inputs[path].imports) if (!external) visit(to);
  };
  const intoOne = (path) => {
    if (isHeavy(path)) parts.apart.add(path);
    else follow(path, parts.one, intoOne);
  };
  for (const { path, external } of inputs[entry].imports) if (!external) intoOne(path);
  const seen = new Set();
  const beside = (path) => {
    // A package may be in both; only the program's own modules must exist once.
    if (parts.one.has(path) && path.endsWith('.ts')) parts.shared.add(path);
    else follow(path, seen, beside);
  };
  for (const path of [entry, ...parts.apart]) follow(path, seen, beside);
  return parts;
}

/** Path of a module -> the names that it exports. */
async function exportedNames(paths, { plugins, ...options }) {
  const { metafile } = await build({
    ...{
      ...options,
      plugins,
      entryPoints: paths,
      outbase: '.',
      splitting: true,
      write: false,
      metafile: true,
    },
  });
  const made = Object.values(metafile.outputs).filter(({ entryPoint }) => paths.includes(entryPoint));
  return new Map(made.map(({ entryPoint, exports }) => [entryPoint, exports]));
}

const relativePath = ({ path, resolveDir }) => join(resolveDir, path).slice(process.cwd().length + 1);

/** In the one file: leaves import() of the modules apart as it is. */
const apart = (parts) => ({
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\.ts$/ }, (found) => {
      const path = relativePath(found);
      return parts.apart.has(path) ? { path: `./${nameOf(path)}.mjs`, external: true } : undefined;
    });
  },
});

/** Beside the one file: takes the modules that are in it from there. */
const fromOneFile = (names, file) => ({
  name: 'from-one-file',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\..*\.ts$/ }, (found) => {
      const path = relativePath(found);
      return names.has(path) ? { path, namespace: 'one' } : undefined;
    });
    onResolve({ filter: /^\.\/main-\w+\.cjs$/, namespace: 'one' }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace: 'one' }, ({ path }) => ({
      contents: [
        `const found = require('./${file}')[${JSON.stringify(path)}]();`,
        ...names.get(path).map((name) => `export const ${name} = found.${name};`),
      ].join('\n'),
    }));
  },
});
