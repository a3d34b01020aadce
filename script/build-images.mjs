// Builds the images that Boxer itself needs and writes their names to build/images.json. The name carries a
// hash of everything that went in: what is there already is not built again. Run script/build.mjs before.
// With --arm64 the runtime for functions on arm64, too, wherever this runs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { filesBelow, hashOf } from './lib/inputs.mjs';
import { fetchNodeForArm64 } from './lib/node-for-arm64.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const { version, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

const images = [
  {
    key: 'runtime',
    repository: 'boxer/runtime',
    inputs: [
      'Dockerfile.base',
      'Dockerfile.base.dockerignore',
      'build/supervisor',
      'images/runtime',
      'shim-c',
    ],
    unless: 'shim-c/test/',
    command: (tag) => ['docker', 'buildx', 'build', '--load', '--file', 'Dockerfile.base', '--tag', tag, '.'],
  },
  {
    key: 'lambdaLocal',
    repository: 'boxer/lambda-local',
    inputs: ['build/lambda-local', 'lambda-local'],
    unless: '.ts',
    command: (tag) => ['lambda-local/build-image.sh', tag],
  },
  {
    key: 'runtimeArm64',
    repository: 'boxer/runtime-arm64',
    inputs: [
      'Dockerfile.arm64',
      'Dockerfile.arm64.dockerignore',
      'build/supervisor',
      'images/runtime',
      'shim-c',
    ],
    unless: 'shim-c/test/',
    flag: '--arm64',
    prepare: fetchNodeForArm64,
    command: (tag) => [
      ...['docker', 'buildx', 'build', '--load', '--platform', 'linux/arm64'],
      ...['--file', 'Dockerfile.arm64', '--tag', tag, '.'],
    ],
  },
];

/** Runs a command silently; what it printed comes out only when it fails. */
const run = ([program, ...args]) => {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error) throw error;
  return { ok: status === 0, output: stdout + stderr };
};

const file = 'build/images.json';
const before = existsSync(file) ? readFileSync(file, 'utf8') : '{}';
const names = JSON.parse(before);
const given = process.argv.slice(2);
const wanted = given.filter((argument) => !argument.startsWith('--'));
for (const { key, repository, inputs, unless, flag, prepare, command } of images) {
  if (wanted.length > 0 && !wanted.includes(key)) continue;
  if (flag !== undefined && !given.includes(flag)) continue;
  const files = inputs.flatMap(filesBelow).filter((file) => !file.includes(unless));
  const hash = hashOf(files, JSON.stringify(optionalDependencies)).slice(0, 12);
  const tag = `${repository}:${version}-${hash}`;
  if (!run(['docker', 'image', 'inspect', tag]).ok) {
    process.stderr.write(`building ${tag}\n`);
    prepare?.();
    const { ok, output } = run(command(tag));
    if (!ok) {
      process.stderr.write(`${output}\nbuilding ${tag} failed, see above\n`);
      process.exit(1);
    }
  }
  names[key] = tag;
}

const text = `${JSON.stringify(names, null, 2)}\n`;
if (text !== before) {
  mkdirSync('build', { recursive: true });
  writeFileSync(file, text);
}
