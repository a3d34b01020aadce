import { afterAll, expect, test } from '@jest/globals';
import { createProject, eventually } from '../lib/project.ts';

const project = createProject({
  'compose.yaml': `
services:
  worker:
    image: debian:bookworm-slim
    command: [sleep, infinity]
    x-boxer: { target: lambda, memory: 256 }
  job:
    image: debian:bookworm-slim
    command: ["true"]
    x-boxer: { target: lambda, memory: 512 }
`,
});
afterAll(() => project.remove());

interface Usage {
  service: string;
  running: number;
  ended: number;
  gbSeconds: number;
  perHour: number;
}

test('cost counts the running and the ended functions of each service', async () => {
  const before = await project.boxer('cost');
  expect(before).toMatchObject({ exitCode: 0 });
  expect(before.stdout).toContain('No function');
  const up = await project.boxer('up', '-d');
  expect({ code: up.exitCode, all: up.all }).toMatchObject({ code: 0 });
  const services = await eventually('the ended job is counted', async () => {
    const { stdout } = await project.boxer('cost', '--json');
    const found: { services: Usage[]; countedBy: string } = JSON.parse(stdout);
    const job = found.services.find(({ service }) => service === 'job');
    // The phantom ends a moment after its function, so the function may still count as running.
    return job?.ended === 1 && job.running === 0 ? found.services : undefined;
  });
  expect(services).toMatchObject([
    { service: 'job', running: 0, perHour: 0 },
    { service: 'worker', running: 1, ended: 0 },
  ]);
  for (const { gbSeconds } of services) expect(gbSeconds).toBeGreaterThan(0);
  const { stdout } = await project.boxer('cost');
  expect(stdout).toContain('Nothing here; on AWS it would be (prices of us-east-1');
  expect(stdout).toMatch(/^worker +1 +0 +\d+\.\d +0\.\d+ +0\.\d+$/m);
});
