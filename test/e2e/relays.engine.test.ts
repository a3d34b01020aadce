import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, type Project, run } from '../lib/project.ts';

const COMPOSE = `
services:
  store:
    image: boxer-test/tools:1
    command: [redis-server, --protected-mode, "no"]
  api:
    image: boxer-test/tools:1
    command:
      - sh
      - -c
      - redis-cli -h store set from function; exec redis-server --port 9000 --protected-mode no
    x-boxer: lambda
x-boxer:
  seed: { relays: 2, relay-port: 7071, relay-ports: 40000-40099, stop-grace-period: 5s }
`;

let project: Project;

beforeAll(async () => {
  await buildTestImages();
  project = createProject({ 'compose.yaml': COMPOSE });
  const { exitCode, all } = await project.boxer('up', '-d');
  expect({ exitCode, all: exitCode === 0 ? '' : all }).toEqual({ exitCode: 0, all: '' });
}, 300_000);
afterAll(() => project?.remove());

const inStore = (...command: string[]) =>
  run('docker', ['exec', `${project.name}-store-1`, 'timeout', '5', 'redis-cli', ...command]);

/** Repeats a redis-cli command until it prints `wanted`, for 30 s at most; resolves to its last output. */
async function eventually(wanted: string, ...command: string[]): Promise<string> {
  const end = Date.now() + 30_000;
  for (;;) {
    const printed = (await inStore(...command)).stdout.trim();
    if (printed === wanted || Date.now() > end) return printed;
    await delay(100);
  }
}

test('relays join at the port that x-boxer names, and carry connections to and from a function', async () => {
  // The function connects to an unboxed service through the seed's relay.
  expect(await eventually('function', 'get', 'from')).toBe('function');
  // The unboxed service connects to the function through the phantom's relay.
  expect(await eventually('PONG', '-h', 'api', '-p', '9000', 'ping')).toBe('PONG');
  const seed = (await run('docker', ['logs', `${project.name}-boxer-seed-1`])).all;
  expect(seed.match(/relay \d joined: [\d.]+:7071/g)).toHaveLength(2);
});

test('docker stop of a relay makes it leave the seed and exit with 0', async () => {
  const { exitCode } = await run('docker', ['stop', `${project.name}-boxer-relay-1`]);
  expect(exitCode).toBe(0);
  const state = await run('docker', [
    'inspect',
    '-f',
    '{{.State.ExitCode}}',
    `${project.name}-boxer-relay-1`,
  ]);
  expect(state.stdout.trim()).toBe('0');
  const seed = (await run('docker', ['logs', `${project.name}-boxer-seed-1`])).all;
  expect(seed).toMatch(/relay \d left/);
});
