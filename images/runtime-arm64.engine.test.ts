// The runtime for arm64, made on this machine without running anything of it; an emulator, where there is
// one, tries it afterwards.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { twinDockerfile } from '../compose-plugin/twin/dockerfile.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const EMULATOR = 'qemu-aarch64-static';
const BASE = `boxer-test/arm64-base:${process.pid}`;
const TWIN = `boxer-test/arm64-twin:${process.pid}`;

let runtime: string;
let unpacked: string;

beforeAll(async () => {
  await execa('node', ['script/build.mjs', 'boxer'], { cwd: ROOT });
  await execa('node', ['script/build-images.mjs', '--arm64', 'runtimeArm64'], { cwd: ROOT });
  const names: unknown = JSON.parse(readFileSync(join(ROOT, 'build/images.json'), 'utf8'));
  runtime = String(Reflect.get(Object(names), 'runtimeArm64'));
  unpacked = mkdtempSync(join(tmpdir(), 'boxer-arm64-'));
  await unpack(runtime, unpacked);
}, 600_000);

afterAll(async () => {
  rmSync(unpacked, { recursive: true, force: true });
  await execa('docker', ['image', 'rm', '--force', BASE, TWIN], { reject: false });
});

async function unpack(image: string, folder: string): Promise<void> {
  const { stdout: container } = await execa('docker', ['create', '--platform', 'linux/arm64', image]);
  await execa('sh', ['-c', `docker export ${container} | tar -x -C ${folder}`]);
  await execa('docker', ['rm', container]);
}

const architectureOf = async (image: string) =>
  (await execa('docker', ['image', 'inspect', '--format', '{{.Os}}/{{.Architecture}}', image])).stdout;

const readelf = async (what: string, file: string) =>
  (await execa('readelf', ['--wide', what, join(unpacked, 'opt/boxer', file)])).stdout;

test('every program and library in it is for arm64', async () => {
  expect(await architectureOf(runtime)).toBe('linux/arm64');
  const files = 'find opt/boxer/bin opt/boxer/lib -maxdepth 1 -type f ! -name "*.mjs" ! -name "*.cjs"';
  const { stdout } = await execa('sh', ['-c', files], { cwd: unpacked });
  const names = stdout
    .split('\n')
    .map((path) => path.replace('opt/boxer/', ''))
    .sort();
  expect(names).toEqual(
    expect.arrayContaining(['bin/boxer', 'bin/node', 'lib/boxer.node', 'lib/libboxer.so']),
  );
  for (const name of names) expect(await readelf('--file-header', name)).toMatch(/Machine: +AArch64/);
});

test('it needs nothing of the image that it is put into', async () => {
  expect(await readelf('--program-headers', 'bin/node')).toContain('/opt/boxer/lib/ld-linux-aarch64.so.1');
  expect(await readelf('--dynamic', 'bin/node')).toMatch(/\(RPATH\).*\[\/opt\/boxer\/lib\]/);
  expect(await readelf('--program-headers', 'bin/boxer')).not.toContain('INTERP');
  expect(await readelf('--dynamic', 'lib/libboxer.so')).not.toMatch(/NEEDED|TEXTREL/);
  const { stdout: here } = await execa('ls', [join(unpacked, 'opt/boxer/lib')]);
  for (const file of ['bin/node', 'lib/boxer.node', 'lib/libstdc++.so.6']) {
    const needed = [...(await readelf('--dynamic', file)).matchAll(/\(NEEDED\).*\[(.*)\]/g)];
    for (const [, library] of needed) expect(here.split('\n')).toContain(library);
  }
});

test('a twin for arm64 is built here: its image plus /opt/boxer', async () => {
  const build = ['buildx', 'build', '--load', '--platform', 'linux/arm64'];
  const base = 'FROM scratch\nCOPY opt/boxer/bin/boxer /guest\nENTRYPOINT ["/guest"]\n';
  await execa('docker', [...build, '--tag', BASE, '--file', '-', unpacked], { input: base });
  await execa('docker', [...build, '--tag', TWIN, '-'], { input: twinDockerfile(BASE, runtime) });
  expect(await architectureOf(TWIN)).toBe('linux/arm64');
  const folder = mkdtempSync(join(tmpdir(), 'boxer-arm64-'));
  try {
    await unpack(TWIN, folder);
    await execa('cmp', [join(folder, 'guest'), join(unpacked, 'opt/boxer/bin/boxer')]);
    await execa('diff', ['-r', join(folder, 'opt'), join(unpacked, 'opt')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const emulator = spawnSync('sh', ['-c', `command -v ${EMULATOR}`], { encoding: 'utf8' }).stdout.trim();
const emulated = emulator === '' || process.getuid?.() !== 0 ? describe.skip : describe;

const node = (...args: string[]) =>
  execa('chroot', [unpacked, `/${EMULATOR}`, '/opt/boxer/bin/node', ...args]);
const supervisor = ['/opt/boxer/lib/start.cjs'];

/** What the supervisor posts to a path that ends so, when it is invoked with `event`. */
async function asFunction(event: string, path: string): Promise<string> {
  const reported = Promise.withResolvers<string>();
  let asked = false;
  const runtimeApi = createServer(async (request, response) => {
    if (!request.url?.endsWith('/invocation/next')) {
      const body = await text(request);
      if (request.url?.endsWith(path)) reported.resolve(body);
      response.writeHead(202).end();
    } else if (!asked) {
      asked = true;
      response.setHeader('Lambda-Runtime-Aws-Request-Id', 'first');
      response.end(event);
    }
  });
  runtimeApi.listen(0, '127.0.0.1');
  await once(runtimeApi, 'listening');
  const address = runtimeApi.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const stop = new AbortController();
  const running = execa('chroot', [unpacked, `/${EMULATOR}`, '/opt/boxer/bin/node', ...supervisor], {
    env: { AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` },
    cancelSignal: stop.signal,
    reject: false,
  });
  const ended = running.then(({ stderr }) => `it ended: ${stderr}`);
  try {
    return await Promise.race([reported.promise, ended]);
  } finally {
    stop.abort();
    await ended;
    runtimeApi.closeAllConnections();
    runtimeApi.close();
  }
}

emulated(`run by an emulator (needs ${EMULATOR} and root)`, () => {
  beforeAll(() => cpSync(emulator, join(unpacked, EMULATOR)));

  test('the supervisor starts, with its own loader and libraries', async () => {
    expect((await node(...supervisor, 'version')).stdout).toMatch(/^boxer \d/);
  });

  test('its native addon is loaded', async () => {
    const script =
      'const { arch } = process; console.log(arch, Object.keys(require("/opt/boxer/lib/boxer.node")).length)';
    expect((await node('--eval', script)).stdout).toMatch(/^arm64 [1-9]/);
  });

  test('as a function it asks the Runtime API for work and reports what it cannot use', async () => {
    expect(await asFunction('{}', '/invocation/first/error')).toContain('Function.NotALaunch');
  });

  test('as a function it looks around for docker boxer probe, by system calls of its own', async () => {
    mkdirSync(join(unpacked, 'tmp'), { recursive: true });
    const event = { boxer: 1, probe: { part: 'everything', side: 'a', trials: 1, bytes: 1 } };
    const answer = await asFunction(JSON.stringify(event), '/response');
    const [started, reported] = answer
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(started).toMatchObject({ type: 'started', invocation: 1 });
    expect(reported.report.sandbox).toMatchObject({ architecture: 'arm64' });
    const allowed = reported.report.sandbox.calls.filter(({ result }: { result: string }) => result === 'ok');
    expect(allowed.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['memfd_create', 'epoll_create1', 'listen(TCP)']),
    );
  });

  test('the launcher gets as far as starting Node', async () => {
    const launcher = execa('chroot', [unpacked, `/${EMULATOR}`, '/opt/boxer/bin/boxer'], { reject: false });
    // The emulator emulates one process: what that executes is for the kernel, which may have been taught
    // arm64 or not.
    expect((await launcher).stderr).toMatch(
      /cannot start \/opt\/boxer\/bin\/node: Exec format error|usage: boxer/,
    );
  });
});
