import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project, run } from '../lib/project.ts';

let project: Project;

/** Seconds to wait for an event; ample, because other tests may keep the machine busy. */
const PATIENCE = 200;

const dockerfile = (version: string) => `FROM boxer-test/tools:1
RUN echo ${version} >/version
CMD ["sh", "-c", "cat /version; exec sleep 600"]
`;

beforeAll(async () => {
  await buildTestImages();
  project = createProject({
    'compose.yaml': `
services:
  api:
    build: .
    stop_signal: SIGKILL
    scale: 2
    x-boxer: lambda
`,
    Dockerfile: dockerfile('one'),
  });
}, 300_000);
afterAll(() => project.remove(), 120_000);

const linesOf = async (...args: string[]) =>
  (await run('docker', args)).stdout.split('\n').filter((line) => line !== '');
/** The ids of the project's twins. The set is needed because Docker lists an image once for each name. */
const twins = async () => [
  ...new Set(
    await linesOf(
      ...['image', 'ls', '--quiet', '--no-trunc', '--filter', `label=io.boxer.twin.project=${project.name}`],
    ),
  ),
];
const sandboxes = (name: string) =>
  linesOf('ps', '--all', '--quiet', '--filter', `label=lambda-local.function=${name}`);

const ASK = 'fetch("http://127.0.0.1:9000/2021-local/billing").then((r) => r.text()).then(console.log)';
const billing = z.object({ functions: z.record(z.string(), z.object({ invocations: z.number() })) });

/** The number of ended invocations by the name of the function. */
async function endedInvocations(): Promise<Record<string, number>> {
  const lambda = `${project.name}-boxer-lambda-1`;
  const { stdout } = await run('docker', ['exec', lambda, '/usr/local/bin/node', '-e', ASK]);
  const found = Object.entries(billing.parse(JSON.parse(stdout)).functions);
  return Object.fromEntries(found.map(([name, { invocations }]) => [name, invocations]));
}

test('up --build warms the functions of a new image, and the sandboxes of the old one go', async () => {
  expect((await project.boxer('up', '-d')).exitCode).toBe(0);
  const [old = ''] = Object.keys(await endedInvocations());
  expect(await endedInvocations()).toEqual({ [old]: 0 });

  project.write('Dockerfile', dockerfile('two'));
  expect((await project.boxer('up', '-d', '--build')).exitCode).toBe(0);
  await eventually(
    'both replicas print the new version',
    async () => {
      const { stdout } = await project.boxer('logs', '--no-log-prefix', 'api');
      return stdout.trim() === 'two\ntwo' ? true : undefined;
    },
    PATIENCE,
  );
  // In each of the two new environments one invocation has ended: that which warmed it. The launches still
  // run there. The launches of the old function have ended.
  const { [old]: _past, ...now } = await endedInvocations();
  expect(Object.values(now)).toEqual([2]);
  await eventually(
    'the launches of the old function are counted',
    async () => ((await endedInvocations())[old] === 2 ? true : undefined),
    PATIENCE,
  );
  await eventually(
    'no sandbox of the old function is left',
    async () => ((await sandboxes(old)).length === 0 ? true : undefined),
    PATIENCE,
  );
}, 900_000);

test('down keeps only the newest twin of a service, and none with --rmi', async () => {
  expect((await project.boxer('up', '-d')).exitCode).toBe(0);
  expect(await twins()).toHaveLength(1);
  project.write('Dockerfile', dockerfile('three'));
  expect((await project.boxer('up', '-d', '--build')).exitCode).toBe(0);
  expect((await project.boxer('down')).exitCode).toBe(0);
  expect(await twins()).toHaveLength(1);
  expect((await project.boxer('down', '--rmi', 'local')).exitCode).toBe(0);
  expect(await twins()).toEqual([]);
}, 900_000);
