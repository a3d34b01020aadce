// Bundles the three programs. Bundling halves Node's load time and makes each program one folder to ship.
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

const programs = [
  { entry: 'supervisor/entrypoint.ts', out: 'build/supervisor', name: 'boxer' },
  { entry: 'compose-plugin/main.ts', out: 'build/plugin', name: 'docker-boxer' },
  { entry: 'lambda-local/main.ts', out: 'build/lambda-local', name: 'lambda-local' },
];

const wanted = process.argv.slice(2);
for (const { entry, out, name } of programs) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await rm(out, { recursive: true, force: true });
  await build({
    entryPoints: { [name]: entry },
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: 'none',
    // dockerode reaches ssh2's optional native parts, which are only for ssh:// engines.
    external: ['*.node', 'cpu-features'],
    banner: {
      js: "import { createRequire as boxerCreateRequire } from 'node:module'; const require = boxerCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
}
