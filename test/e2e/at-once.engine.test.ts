import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project, run } from '../lib/project.ts';

/** Boxed containers whose guests start before their supervisor has joined. */
let project: Project;

/** Prints a line at once, and lines about the overlay as soon as they are there. */
const GUEST = [
  'echo started',
  // A look waits for ten seconds at most. Looks that do not wait are hundreds before the join.
  'until self=$$(cut -f 1 /etc/boxer/self 2>/dev/null); do echo again; done',
  'echo "self: $$self"',
  'trap "echo told; exit 7" TERM',
  'while :; do sleep 0.1; done',
].join('; ');

const service = (user: string) => `
    image: boxer-test/tools:1
    user: "${user}"
    command: ["sh", "-c", '${GUEST}']
    x-boxer: container`;

beforeAll(async () => {
  await buildTestImages();
  project = createProject({
    'compose.yaml': `
services:
  root:${service('0')}
  user:${service('1000')}
`,
  });
  const { exitCode, stderr } = await project.boxer('up', '-d');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
}, 300_000);
afterAll(() => project?.remove(), 60_000);

const container = (name: string) => `${project.name}-${name}-1`;
const allLinesOf = async (name: string) =>
  (await run('docker', ['logs', container(name)])).all.split('\n').filter((line) => line !== '');
const linesOf = async (name: string) => (await allLinesOf(name)).filter((line) => line !== 'again');
const printed = (name: string, line: RegExp) =>
  eventually(
    `${name} prints ${line}`,
    async () => (await linesOf(name)).some((one) => line.test(one)) || undefined,
  );

test.each(['root', 'user'])('the first look of %s at the overlay waits for the join', async (name) => {
  await printed(name, /^self: /);
  expect(await linesOf(name)).toEqual(['started', expect.stringMatching(/^self: 198\.18\./)]);
  expect((await allLinesOf(name)).filter((line) => line === 'again').length).toBeLessThan(5);
});

test('the guest starts while the seed is away, and the overlay is there when the seed is back', async () => {
  await run('docker', ['stop', '--time', '1', container('boxer-seed')]);
  const { exitCode, stderr } = await run('docker', ['restart', '--time', '1', container('user')]);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  await eventually(
    'the guest has started again',
    async () => (await linesOf('user')).includes('told') || undefined,
  );
  const since = async () => (await linesOf('user')).slice((await linesOf('user')).indexOf('told') + 1);
  await eventually('the guest prints its first line', async () => (await since())[0]);
  expect(await since()).toEqual(['started']);
  await run('docker', ['start', container('boxer-seed')]);
  await eventually(
    'the guest sees itself',
    async () => (await since())[1]?.match(/^self: 198\.18\./) ?? undefined,
  );
});

test('a stopped container has the exit code of its guest', async () => {
  await run('docker', ['stop', container('user')]);
  const { stdout } = await run('docker', ['inspect', '--format', '{{.State.ExitCode}}', container('user')]);
  expect([stdout, (await linesOf('user')).at(-1)]).toEqual(['7', 'told']);
});
