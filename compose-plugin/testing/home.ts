import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { execa } from 'execa';
import { runtimeVolumeName } from '../compose/rewrite/override.ts';

const repository = resolve(import.meta.dirname, '..', '..');

/**
 * Replaces the runtime and the local Lambda, which other folders build and test. Behaves like an old runtime.
 */
const standIn = `#!/bin/sh
verb=$1
[ $# -gt 0 ] && shift
case $verb in
  phantom | node) [ "$1" = -- ] && shift; exec "$@" ;;
  nodes) cat /tmp/nodes.json ;;
  twins | inspect | running) exit 2 ;;
  *) trap 'exit 0' TERM INT; while :; do sleep 1 & wait $!; done ;;
esac
`;

/** A separate Boxer in a temporary folder, installed in a separate docker configuration. */
export interface Home {
  root: string;
  /** Environment in which \`docker boxer\` runs this Boxer. */
  env: NodeJS.ProcessEnv;
  images: { runtime: string; lambdaLocal: string };
  remove: () => void;
}

/** The Boxer of this checkout, which `script/bootstrap` has built and installed. */
export function builtHome(): Home {
  const images = JSON.parse(readFileSync(join(repository, 'build', 'images.json'), 'utf8'));
  return { root: repository, env: process.env, images, remove: () => undefined };
}

/** Builds the plugin unless it is up to date. The lock is for test files that run at the same time. */
async function builtPlugin(): Promise<string> {
  const folder = join(repository, 'build');
  mkdirSync(folder, { recursive: true });
  await execa('flock', [folder, process.execPath, 'script/build.mjs', 'docker-boxer'], { cwd: repository });
  return join(folder, 'plugin');
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
  // A program of its own that is built for each home would take seconds, and would not be what users run.
  cpSync(await builtPlugin(), join(root, 'build', 'plugin'), {
    recursive: true,
    // Node's compile cache knows modules by their paths.
    filter: (path) => basename(path) !== '.cache',
  });
  const name = basename(root).toLowerCase();
  const images = { runtime: `${name}/runtime:1`, lambdaLocal: `${name}/lambda:1` };
  writeFileSync(join(root, 'build', 'images.json'), JSON.stringify(images));
  writeFileSync(join(root, 'image', 'boxer'), standIn, { mode: 0o755 });
  writeFileSync(join(root, 'image', 'works'), '#!/bin/sh\n', { mode: 0o755 });
  // The doctor runs these commands in the local Lambda's image.
  const tools = ['ip', 'nft', 'nsenter'].map((tool) => `COPY works /usr/local/bin/${tool}\n`).join('');
  writeFileSync(
    join(root, 'image', 'Dockerfile'),
    // The label gives each home its own image and volume, so that removing them does not disturb another
    // test.
    `FROM debian:bookworm-slim\nCOPY boxer /opt/boxer/bin/boxer\n${tools}ENTRYPOINT ` +
      `["/opt/boxer/bin/boxer"]\nLABEL home=${root}\n`,
  );
  const docker = (...words: string[]) => execFileSync('docker', words, { encoding: 'utf8', stdio: 'pipe' });
  const id = docker(
    'build',
    '--quiet',
    '-t',
    images.runtime,
    '-t',
    images.lambdaLocal,
    join(root, 'image'),
  ).trim();
  const env = { ...process.env, DOCKER_CONFIG: join(root, 'docker'), XDG_STATE_HOME: join(root, 'state') };
  const remove = () => {
    rmSync(root, { recursive: true, force: true });
    docker('volume', 'rm', '--force', runtimeVolumeName(id));
    docker('image', 'rm', images.runtime, images.lambdaLocal);
  };
  return { root, env, images, remove };
}
