import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project, run } from '../lib/project.ts';

let project: Project;

beforeAll(async () => {
  await buildTestImages();
  const { stdout: server } = await execa('which', ['nats-server']);
  project = createProject({
    'compose.yaml': `
x-boxer:
  seed: { store: "nats://nats:4222", replicas: 2 }
services:
  nats:
    image: boxer-test/tools:1
    command: ["/nats-server", "-js", "-sd", "/tmp/nats"]
    stop_signal: SIGKILL
    volumes: ["${server}:/nats-server:ro"]
  echo:
    image: boxer-test/tools:1
    command: ["sh", "-c", "exec python3 -m http.server 8000 --directory /etc"]
    stop_signal: SIGKILL
    x-boxer: lambda
  box:
    image: boxer-test/tools:1
    command: ["sleep", "600"]
    stop_signal: SIGKILL
    x-boxer: container
`,
  });
  const { exitCode, all } = await project.boxer('up', '-d', '--scale', 'box=3');
  expect([exitCode, all]).toEqual([0, expect.anything()]);
}, 300_000);
afterAll(() => project.remove(), 60_000);

const seed = (index: number) => `${project.name}-boxer-seed-${index}`;
interface Status {
  readonly id: number;
  readonly since: number;
  readonly state: string;
  readonly ports: readonly number[];
}
const nodes = async (index: number): Promise<Status[]> => {
  const { stdout, exitCode } = await run('docker', [
    'exec',
    seed(index),
    '/opt/boxer/bin/boxer',
    'nodes',
    '--json',
  ]);
  return exitCode === 0 ? JSON.parse(stdout) : [];
};
const allUp = (index: number) => () =>
  nodes(index).then((found) =>
    found.length === 4 &&
    found.every(({ state }) => state === 'up') &&
    found.some(({ ports }) => ports.includes(8000))
      ? found
      : undefined,
  );

test('two seeds list the same nodes, and all nodes resume at one when the other is killed', async () => {
  const before = await eventually('seed 1 lists all nodes', allUp(1), 60);
  await expect(eventually('seed 2 lists all nodes', allUp(2))).resolves.toEqual(before);
  const busier =
    (await run('docker', ['logs', seed(1)])).all.split(' joined from ').length >
    (await run('docker', ['logs', seed(2)])).all.split(' joined from ').length
      ? 1
      : 2;
  // Docker does not restart a container after `docker kill`, unlike after a crash.
  await run('docker', ['kill', seed(busier)]);
  const other = 3 - busier;
  const fetched = await eventually('the function answers', async () => {
    const { stdout, exitCode } = await project.boxer(
      'exec',
      '-T',
      'box',
      'curl',
      '-sf',
      'http://echo:8000/hostname',
    );
    return exitCode === 0 ? stdout : undefined;
  });
  expect(fetched).not.toBe('');
  // The other seed gives nodes up that have not resumed by then.
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  await expect(eventually('the other seed lists all nodes', allUp(other))).resolves.toEqual(before);
  const { all } = await run('docker', ['logs', seed(other)]);
  expect(all).toMatch(/seed [0-9a-f]+ has gone/);
  expect(all).toMatch(/joined from [\d.]+ by resume/);
});
