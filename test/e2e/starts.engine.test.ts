import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, type Project } from '../lib/project.ts';

beforeAll(buildTestImages, 300_000);

describe('starting functions', () => {
  let project: Project;

  beforeAll(() => {
    project = createProject({
      'compose.yaml': `
services:
  fine:
    image: boxer-test/tools:1
    command: ["sleep", "600"]
    stop_signal: SIGKILL
    x-boxer: lambda
  absent:
    image: boxer-test/tools:1
    profiles: [manual]
    command: ["/no/such/program"]
    x-boxer: lambda
  short:
    image: boxer-test/tools:1
    profiles: [manual]
    command: ["sh", "-c", "echo the last word; exit 3"]
    x-boxer: lambda
  late:
    image: boxer-test/tools:1
    profiles: [manual]
    command: ["sleep", "600"]
    stop_signal: SIGKILL
    x-boxer: { target: lambda, wait-for: { names: { nobody: 1 }, timeout: 120 } }
  job:
    image: boxer-test/tools:1
    profiles: [manual]
    command: ["true"]
    x-boxer: lambda
`,
    });
  });
  afterAll(() => project.remove(), 120_000);

  const statusesOf = async (service: string) => {
    const { stdout } = await project.boxer('ps', '--format', 'json', service);
    return stdout.split('\n').map((line) => JSON.parse(line).status);
  };

  test('up -d returns when the guests run', async () => {
    const { exitCode, all } = await project.boxer('up', '-d', '--scale', 'fine=2');
    expect([exitCode, all]).toEqual([0, expect.anything()]);
    expect(await statusesOf('fine')).toEqual(['running', 'running']);
  }, 900_000);

  test('scale, restart and start return when the guests run', async () => {
    expect((await project.boxer('scale', 'fine=3')).exitCode).toBe(0);
    expect(await statusesOf('fine')).toEqual(['running', 'running', 'running']);
    expect((await project.boxer('restart', 'fine')).exitCode).toBe(0);
    expect(await statusesOf('fine')).toEqual(['running', 'running', 'running']);
    expect((await project.boxer('stop', 'fine')).exitCode).toBe(0);
    expect((await project.boxer('start', 'fine')).exitCode).toBe(0);
    expect(await statusesOf('fine')).toEqual(['running', 'running', 'running']);
  }, 900_000);

  test('up -d fails with the last log line of a function whose program cannot be started', async () => {
    const { exitCode, stderr } = await project.boxer('up', '-d', 'absent');
    expect(stderr).toMatch(
      /docker boxer: container \S+-absent-1 exited \(127\): boxer: cannot run \/no\/such\/program: not found/,
    );
    expect(exitCode).toBe(1);
  }, 900_000);

  test('up -d reports a guest that exited with a failure and succeeds; up --wait fails', async () => {
    const detached = await project.boxer('up', '-d', 'short');
    expect(detached.stderr).toMatch(/docker boxer: container \S+-short-1 exited \(3\): the last word/);
    expect(detached.exitCode).toBe(0);
    expect((await project.boxer('up', '--wait', 'short')).exitCode).toBe(1);
    const job = await project.boxer('up', '-d', 'job');
    expect([job.exitCode, job.stderr]).toEqual([0, expect.not.stringContaining('exited')]);
  }, 900_000);

  test('up --wait fails when a function does not run within --wait-timeout', async () => {
    const { exitCode, stderr } = await project.boxer('up', '--wait', '--wait-timeout', '15', 'late');
    expect(stderr).toContain('docker boxer: One function does not run after 15 s');
    expect(exitCode).toBe(1);
  }, 900_000);
});
