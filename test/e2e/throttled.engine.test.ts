import { afterAll, expect, test } from '@jest/globals';
import { createProject, eventually, run } from '../lib/project.ts';

const project = createProject({
  'compose.yaml': `
services:
  worker:
    image: debian:bookworm-slim
    command: ["sh", "-c", "echo the guest runs; exec sleep infinity"]
    stop_signal: SIGKILL
    scale: 2
    x-boxer: { target: lambda, memory: 256 }
`,
  'one.yaml': 'services: { boxer-lambda: { environment: { LAMBDA_LOCAL_CONCURRENCY: "1" } } }',
});
afterAll(() => project.remove(), 60_000);

test('a throttled replica says in its log that it waits, and starts when concurrency is free', async () => {
  expect((await project.boxer('create')).exitCode).toBe(0);
  const files = ['compose.yaml', project.state('override.yaml'), 'one.yaml'].flatMap((file) => ['-f', file]);
  expect(await project.compose(...files, 'up', '-d')).toMatchObject({ exitCode: 0 });
  const logOf = async (index: number) =>
    (await project.compose(...files, 'logs', '--no-log-prefix', '--index', String(index), 'worker')).stdout;
  const throttled =
    /function \S+: Lambda throttles \(ConcurrentInvocationLimitExceeded\); attempt \d+ in \d+\.\d s/;
  const waiting = await eventually(
    'one guest runs, and the log of the other replica says it waits',
    async () => {
      const logs = [await logOf(1), await logOf(2)];
      const index = logs.findIndex((log) => throttled.test(log));
      return index >= 0 && logs[1 - index]?.includes('the guest runs') ? index + 1 : undefined;
    },
  );
  expect(await logOf(waiting)).not.toContain('the guest runs');
  const other = waiting === 1 ? 2 : 1;
  await run('docker', ['kill', `${project.name}-worker-${other}`]);
  await eventually('the waiting guest runs', async () =>
    (await logOf(waiting)).includes('the guest runs') ? true : undefined,
  );
});
