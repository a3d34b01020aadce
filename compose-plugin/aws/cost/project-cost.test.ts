import { expect, test } from '@jest/globals';
import type { Launch } from './launches.ts';
import { projectCost } from './project-cost.ts';

const launch = (more: Partial<Launch>): Launch => ({
  service: 'worker',
  functionName: 'shop-worker-1',
  image: 'sha256:1',
  memorySize: 2048,
  ephemeralStorage: 512,
  timeout: 900,
  running: true,
  seconds: 100,
  functions: [],
  ...more,
});
const input = {
  project: 'shop',
  region: 'us-east-1',
  architectures: new Map([['sha256:1', 'arm64' as const]]),
};

test('projectCost() adds the time of running functions to what local Lambda counted of ended ones', () => {
  const billing = {
    'shop-worker-1': { invocations: 3, billedMs: 30_000, gbSeconds: 60 },
    other: { invocations: 9, billedMs: 1, gbSeconds: 9 },
  };
  const launches = [launch({}), launch({ running: false, seconds: 10 })];
  const { services, perHour, countedBy } = projectCost({ ...input, provider: 'local', launches, billing });
  expect(services).toMatchObject([{ service: 'worker', running: 1, ended: 3, gbSeconds: 200 + 60 }]);
  const perSecond = 2 * 0.0000133334;
  expect(services[0]?.cost).toBeCloseTo(100 * perSecond + 60 * 0.0000133334 + (3 + 100 / 900) * 0.0000002, 9);
  expect(perHour).toBeCloseTo(3600 * perSecond + 4 * 0.0000002, 9);
  expect(countedBy).toBe('local Lambda and phantoms');
});

test('projectCost() counts the time of phantoms on AWS, and charges for /tmp beyond 512 MB', () => {
  const launches = [
    launch({ running: false, seconds: 50 }),
    launch({ service: 'api', ephemeralStorage: 1536 }),
  ];
  const { services, gbSeconds } = projectCost({ ...input, provider: 'aws', launches, billing: undefined });
  expect(services).toMatchObject([
    { service: 'api', running: 1, ended: 0, gbSeconds: 200 },
    { service: 'worker', running: 0, ended: 1, gbSeconds: 100, perHour: 0 },
  ]);
  expect(gbSeconds).toBe(300);
  expect(services[0]?.cost).toBeCloseTo(200 * 0.0000133334 + 100 * 0.0000000309 + (100 / 900) * 0.0000002, 9);
});

test('projectCost() counts both functions of a replica in its renewal, and earlier functions once', () => {
  const launches = [launch({ seconds: 1000, functions: [30, 200] })];
  const billing = { 'shop-worker-1': { invocations: 1, billedMs: 800_000, gbSeconds: 1600 } };
  const local = projectCost({ ...input, provider: 'local', launches, billing });
  expect(local.services).toMatchObject([{ running: 2, ended: 1, gbSeconds: 2 * 230 + 1600 }]);
  expect(local.perHour).toBeCloseTo(2 * 3600 * 2 * 0.0000133334, 4);
  const aws = projectCost({ ...input, provider: 'aws', launches, billing: undefined });
  expect(aws.services).toMatchObject([{ running: 2, gbSeconds: 2 * 1200 }]);
});
