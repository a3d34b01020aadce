import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, logLine, type Project, run } from '../lib/project.ts';

// Keys must not appear anywhere in a running project that somebody may look at, store or send.

let project: Project;

beforeAll(async () => {
  await buildTestImages();
  project = createProject({
    'compose.yaml': `
services:
  job:
    image: boxer-test/tools:1
    command: ["sh", "-c", "env; cat /proc/self/environ; echo; echo ready; exec sleep 600"]
    stop_signal: SIGKILL
    x-boxer: lambda
  box:
    image: boxer-test/tools:1
    command: ["sh", "-c", "env; echo ready; exec sleep 600"]
    stop_signal: SIGKILL
    x-boxer: container
`,
  });
  await start();
}, 300_000);
afterAll(() => project.remove(), 60_000);

async function start(): Promise<void> {
  expect(await project.boxer('up', '-d')).toMatchObject({ exitCode: 0 });
  await Promise.all(['job', 'box'].map((service) => logLine(project, service, /^ready$/, 200)));
}

const read = (...path: string[]) => readFileSync(project.state(...path), 'utf8').trim();

/** Every key of the project in three forms: as hexadecimal text, as bytes and as base64. */
function secrets(): Buffer[] {
  const keys = [read('key'), ...readdirSync(project.state('keys')).map((name) => read('keys', name))];
  return keys.flatMap((hex) => {
    const bytes = Buffer.from(hex, 'hex');
    return [Buffer.from(hex), bytes, Buffer.from(bytes.toString('base64').replace(/=+$/, ''))];
  });
}

async function ids(filter: string): Promise<string[]> {
  const { stdout } = await run('docker', ['ps', '--all', '--quiet', '--no-trunc', '--filter', filter]);
  return stdout.split('\n').filter((id) => id !== '');
}

/** The ids of the project's containers and of the sandboxes of its functions. */
async function containers(): Promise<string[]> {
  const found = await Promise.all([
    ids(`label=com.docker.compose.project=${project.name}`),
    ids(`label=lambda-local.instance=${project.name}`),
  ]);
  expect(found.map((list) => list.length > 0)).toEqual([true, true]);
  return found.flat();
}

async function printed(...args: string[]): Promise<Buffer> {
  const { all } = await run('docker', args);
  return Buffer.from(all);
}

/** The arguments and environments of all processes of these containers. */
async function processes(containerIds: readonly string[]): Promise<Buffer> {
  const tops = await Promise.all(containerIds.map((id) => run('docker', ['top', id, '-o', 'pid'])));
  const pids = tops.flatMap(({ stdout }) =>
    stdout
      .split('\n')
      .slice(1)
      .map((line) => line.trim()),
  );
  expect(pids.length).toBeGreaterThan(6);
  return Buffer.concat(
    pids.flatMap((pid) =>
      ['cmdline', 'environ'].map((file) => {
        try {
          return readFileSync(`/proc/${pid}/${file}`);
        } catch {
          return Buffer.alloc(0); // The process has ended since it was listed.
        }
      }),
    ),
  );
}

/** Tells whether the output of `docker ARGS` holds any of `needles`, also where one spans two chunks. */
async function holds(args: readonly string[], needles: readonly Buffer[]): Promise<boolean> {
  const child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const longest = Math.max(...needles.map(({ length }) => length));
  const ended = once(child, 'close');
  let rest: Buffer = Buffer.alloc(0);
  let found = false;
  for await (const chunk of child.stdout) {
    rest = Buffer.concat([rest, chunk]);
    found ||= needles.some((needle) => rest.includes(needle));
    rest = rest.subarray(-longest);
  }
  await ended;
  return found;
}

test('no key is in a log, a label, an argument, an environment, the override or an image', async () => {
  const needles = secrets();
  const countIn = (bytes: Buffer) => needles.filter((needle) => bytes.includes(needle)).length;
  const running = await containers();
  const { stdout: imageList } = await run('docker', ['inspect', '--format', '{{.Image}}', ...running]);
  const images = [...new Set(imageList.split('\n'))];
  const places: Record<string, Buffer> = {
    override: Buffer.from(read('override.yaml')),
    'docker inspect': await printed('inspect', ...running),
    'docker image inspect': await printed('image', 'inspect', ...images),
    'docker history': Buffer.concat(
      await Promise.all(images.map((id) => printed('history', '--no-trunc', id))),
    ),
    logs: Buffer.concat(await Promise.all(running.map((id) => printed('logs', id)))),
    processes: await processes(running),
  };
  const found = Object.entries(places).map(([place, bytes]) => [place, countIn(bytes)]);
  expect(found).toEqual(Object.keys(places).map((place) => [place, 0]));
  expect(Object.values(places).every((bytes) => bytes.length > 100)).toBe(true);
  // holds() finds a needle that is present.
  expect(await holds(['exec', running[0] ?? '', 'echo', 'needle'], [Buffer.from('needle')])).toBe(true);
  expect(await holds(['save', ...images], needles)).toBe(false);
}, 300_000);

test('up makes a new key when the old one has been deleted, and the project starts with it', async () => {
  const before = read('key');
  expect(await project.boxer('down', '--timeout', '1')).toMatchObject({ exitCode: 0 });
  for (const name of ['key', 'keys']) rmSync(project.state(name), { recursive: true });
  await start();
  expect(read('key')).not.toBe(before);
}, 300_000);
