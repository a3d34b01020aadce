import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project, run } from '../lib/project.ts';

let project: Project;

beforeAll(async () => {
  await buildTestImages();
  project = createProject({
    'compose.yaml': `
services:
  box:
    image: boxer-test/tools:1
    command: ["sleep", "600"]
    stop_signal: SIGKILL
    x-boxer: container
`,
  });
  const { exitCode, all } = await project.boxer('up', '-d', '--scale', 'box=2');
  expect([exitCode, all]).toEqual([0, expect.anything()]);
}, 300_000);
afterAll(() => project.remove(), 60_000);

const seed = () => `${project.name}-boxer-seed-1`;
const inspect = async (format: string) =>
  (await run('docker', ['inspect', '--format', format, seed()])).stdout.trim();
const nodes = async (): Promise<unknown[]> => {
  const { stdout, exitCode } = await run('docker', [
    'exec',
    seed(),
    '/opt/boxer/bin/boxer',
    'nodes',
    '--json',
  ]);
  return exitCode === 0 ? JSON.parse(stdout) : [];
};
const volumes = async () =>
  (await run('docker', ['volume', 'ls', '-q', '--filter', `name=${project.name}_boxer-store`])).stdout.trim();

test('nodes resume at a seed that crashed and was restarted, and keep their start times', async () => {
  const before = await eventually('both nodes are up', async () => {
    const found = await nodes();
    return found.length === 2 ? found : undefined;
  });
  process.kill(Number(await inspect('{{.State.Pid}}')), 'SIGKILL');
  await eventually(
    'the seed runs again',
    async () => (await inspect('{{.RestartCount}}')) === '1' || undefined,
  );
  const after = await eventually('both nodes are back', async () => {
    const found = await nodes();
    return found.length === 2 ? found : undefined;
  });
  expect(after).toEqual(before);
  const { all } = await run('docker', ['logs', seed()]);
  expect(all).toMatch(/node 1 \(container of box\) joined from [\d.]+ by resume/);
});

test("the seed's store is readable by its owner only, and down removes it", async () => {
  const store = await inspect(
    '{{range .Mounts}}{{if eq .Destination "/var/lib/boxer"}}{{.Source}}{{end}}{{end}}',
  );
  const { stdout } = await run('stat', ['-c', '%a', store, `${store}/seed.db`]);
  expect(stdout.split('\n')).toEqual(['700', '600']);
  await expect(volumes()).resolves.not.toBe('');
  const { exitCode } = await project.boxer('down', '--timeout', '1');
  expect(exitCode).toBe(0);
  await expect(volumes()).resolves.toBe('');
});
