import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import type { Docker } from './docker.ts';
import { execInside } from './exec.ts';

const { DOCKER_HOST, DOCKER_CONTEXT, ...env } = process.env;
const direct: Docker = { flags: [], context: undefined, env, signal: new AbortController().signal };
/** The same engine, asked through the docker command. */
const byDocker: Docker = { ...direct, flags: ['--context', 'default'] };

let running: string;
let stopped: string;
beforeAll(async () => {
  const image = ['--network', 'none', 'debian:bookworm-slim'];
  running = (await execa('docker', ['run', '--detach', '--init', ...image, 'sleep', '600'])).stdout;
  stopped = (await execa('docker', ['create', ...image, 'true'])).stdout;
});
afterAll(async () => {
  await execa('docker', ['rm', '--force', running, stopped]);
});

/** What both ways give. */
const both = async (container: string, ...command: string[]) => [
  await execInside(direct, container, command),
  await execInside(byDocker, container, command),
];

test('execInside() keeps the streams apart and gives the exit code, by the API and by docker', async () => {
  const script = 'echo out; echo err >&2; printf %s end; exit 3';
  const expected = { code: 3, stdout: 'out\nend', stderr: 'err\n' };
  expect(await both(running, 'sh', '-c', script)).toEqual([expected, expected]);
});

test('execInside() gives all of a long output', async () => {
  const [byApi, other] = await both(running, 'seq', '200000');
  expect(byApi?.stdout.length).toBeGreaterThan(1_000_000);
  expect(byApi).toEqual(other);
});

test.each([
  ['a container that does not run', () => stopped, ['true']],
  ['a container that is not there', () => 'f'.repeat(64), ['true']],
  ['a program that is not there', () => running, ['no-such-program']],
])("%s fails in docker's words", async (_what, container, command) => {
  const [byApi, other] = await both(container(), ...command);
  expect(byApi?.code).not.toBe(0);
  expect(byApi?.code).toBe(other?.code);
  expect(`${byApi?.stdout}${byApi?.stderr}`).toBe(`${other?.stdout}${other?.stderr}`);
});

test('execInside() fails with CANCELLED when the signal aborts', async () => {
  const signal = AbortSignal.timeout(300);
  await expect(execInside({ ...direct, signal }, running, ['sleep', '600'])).rejects.toMatchObject({
    code: 'CANCELLED',
  });
});
