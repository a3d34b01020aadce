import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const repository = resolve(import.meta.dirname, '..', '..');

/** Images that stand in for the runtime and the local Lambda, which other rooms build and test. */
const RUNTIME = 'boxer-test/plugin-runtime:1';
const LAMBDA = 'boxer-test/plugin-lambda:1';

const standIn = `#!/bin/sh
verb=$1
[ $# -gt 0 ] && shift
case $verb in
  phantom | node) [ "$1" = -- ] && shift; exec "$@" ;;
  nodes) cat /tmp/nodes.json ;;
  *) trap 'exit 0' TERM INT; while :; do sleep 1 & wait $!; done ;;
esac
`;

/** A Boxer of its own in a temporary folder, installed in a docker configuration of its own. */
export interface Home {
  root: string;
  /** Environment with which \`docker boxer\` is this Boxer. */
  env: NodeJS.ProcessEnv;
  remove: () => void;
}

/** Installs the plugin as a user would, with stand-in images. */
export async function makeHome(): Promise<Home> {
  const root = mkdtempSync(join(tmpdir(), 'boxer-home-'));
  for (const folder of ['compose-plugin', 'build', 'docker/cli-plugins', 'image']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  cpSync(join(repository, 'compose-plugin', 'docker-boxer'), join(root, 'compose-plugin', 'docker-boxer'));
  cpSync(join(repository, 'package.json'), join(root, 'package.json'));
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  symlinkSync(
    join(root, 'compose-plugin', 'docker-boxer'),
    join(root, 'docker', 'cli-plugins', 'docker-boxer'),
  );
  await build({
    entryPoints: { 'docker-boxer': join(repository, 'compose-plugin', 'main.ts') },
    outdir: join(root, 'build', 'plugin'),
    outExtension: { '.js': '.mjs' },
    ...{ bundle: true, splitting: true, platform: 'node', format: 'esm', target: 'node22' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  writeFileSync(
    join(root, 'build', 'images.json'),
    JSON.stringify({ runtime: RUNTIME, lambdaLocal: LAMBDA }),
  );
  writeFileSync(join(root, 'image', 'boxer'), standIn, { mode: 0o755 });
  writeFileSync(
    join(root, 'image', 'Dockerfile'),
    'FROM debian:bookworm-slim\nCOPY boxer /opt/boxer/bin/boxer\nENTRYPOINT ["/opt/boxer/bin/boxer"]\n',
  );
  execFileSync('docker', ['build', '--quiet', '-t', RUNTIME, '-t', LAMBDA, join(root, 'image')], {
    stdio: 'pipe',
  });
  const env = { ...process.env, DOCKER_CONFIG: join(root, 'docker') };
  return { root, env, remove: () => rmSync(root, { recursive: true, force: true }) };
}
