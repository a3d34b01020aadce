import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Bed, type BedProject, oneService, ROLE, SECRET, SEED_PORT, startBed } from './lib/bed.ts';

let bed: Bed;
const projects: BedProject[] = [];
beforeAll(async () => {
  bed = await startBed();
}, 240_000);
afterAll(() => bed.stop());
afterEach(() => {
  bed.ecrProxy.heal();
  bed.lambdaProxy.heal();
  // What is in the account of the bed goes with the bed: `down` would only take time.
  for (const project of projects.splice(0)) project.remove();
});

const make = (yaml: string): BedProject => {
  const project = bed.project(yaml);
  projects.push(project);
  return project;
};

/** A project whose seed has a host name that resolves on every machine. */
const projectAtLocalhost = (more = '') => oneService(more).replace('seed.example.org', 'localhost');

/** The result and the text that the table shows for a check. */
const found = (stdout: string, check: string) =>
  stdout.match(new RegExp(`^(ok|FAIL) +${check} {2,}(.*)$`, 'm'))?.slice(1) ?? ['', stdout];

test('doctor of a new project: missing resources are no fault, and ports to open are listed', async () => {
  const project = make(projectAtLocalhost());
  const before = bed.lambdaProxy.requests.length;
  const { exitCode, stdout, stderr } = await project.run(['doctor', '--aws']);
  expect({ exitCode, stderr, stdout }).toMatchObject({ exitCode: 0, stderr: '' });
  expect(found(stdout, 'AWS credentials')).toEqual(['ok', 'access key ...DBED, region us-east-1']);
  expect(found(stdout, 'ECR repository')[1]).toContain(`boxer/${project.name}: none yet`);
  expect(found(stdout, 'function of worker')[1]).toContain(`boxer-${project.name}-worker: none yet`);
  expect(found(stdout, 'concurrency')).toEqual([
    'ok',
    "1000 of 1000 are not reserved; the project's replicas need 1 of them",
  ]);
  expect(found(stdout, 'execution role')).toEqual(['ok', ROLE]);
  expect(found(stdout, 'seed.advertise')[1]).toBe(
    'localhost: 127.0.0.1 (private: for functions in its VPC only)',
  );
  expect(found(stdout, `TCP \\d+ of the seed`)[1]).toBe('not tried: the seed does not run');
  expect(stdout).toMatch(/^PROTOCOL +PORTS +SOURCE +WHY$/m);
  expect(stdout).toMatch(
    /^tcp +\d+-\d+ +functions: 0\.0\.0\.0\/0, or .* +relayed connections of functions$/m,
  );
  expect(stdout).toContain('nothing is known yet: `docker boxer probe` finds out');
  expect(stdout).not.toContain(SECRET);
  // The doctor has only read.
  const sent = bed.lambdaProxy.requests.slice(before);
  expect(sent.filter((line) => !line.startsWith('GET '))).toEqual([]);
  expect([...bed.ecr.repositories.keys()]).not.toContain(`boxer/${project.name}`);
  expect(project.has(project.state('override.yaml'))).toBe(false);
});

test("doctor of a running project: drift, the seed's ports and the last probe", async () => {
  const project = make(projectAtLocalhost());
  expect((await project.run(['up', '-d', '--yes'])).exitCode).toBe(0);
  const update = { FunctionName: `boxer-${project.name}-worker`, MemorySize: 2048 };
  await bed.client.send(new UpdateFunctionConfigurationCommand(update));
  const network = { observed: { address: 'public-1', port: 1 }, localAddress: '169.254.76.1', mappings: [] };
  const times = { count: 1, min: 1, median: 1, max: 1 };
  const seed = { connect: times, roundTrip: times, upload: { bytes: 1, ms: 1, megabitsPerSecond: 1 } };
  const measured = { ...network, nat: 'symmetric', portsKept: 0, filtering: 'silent', hairpin: 'no', seed };
  const probed = {
    side: 'a',
    boxer: '0',
    started: { ms: 1, invocation: 1 },
    network: measured,
    sandbox: { error: 'x' },
  };
  const report = { date: '2026-11-01', provider: 'aws', region: 'us-east-1', starts: [], errors: [] };
  project.write(project.state('last-probe.json'), JSON.stringify({ ...report, functions: [probed] }));
  const { stdout } = await project.run(['doctor', '--aws']);
  expect(found(stdout, 'ECR repository')[1]).toMatch(/: 1 images, \d+ MB$/);
  expect(found(stdout, 'function of worker')[1]).toBe(
    'Active; the next `docker boxer up` changes memory 2048 MB -> 512 MB',
  );
  expect(found(stdout, `TCP ${SEED_PORT} of the seed`)).toEqual(['ok', 'answers from here']);
  expect(stdout).toContain('the probe of 2026-11-01 (aws, us-east-1): NAT symmetric, unasked packets silent');
});

test('doctor names each fault with its remedy, and still reports all other checks', async () => {
  const project = make(oneService());
  bed.lambdaProxy.fail(/account-settings/, { status: 403, type: 'AccessDeniedException', message: 'no' });
  bed.ecrProxy.fail(/DescribeRepositories/, { status: 403, type: 'AccessDeniedException', message: 'no' });
  const { exitCode, stdout } = await project.run(['doctor', '--aws']);
  expect(exitCode).toBe(1);
  expect(found(stdout, 'ECR repository')).toEqual([
    'FAIL',
    'the AWS credentials may not ecr:DescribeRepositories (no)',
  ]);
  expect(stdout).toContain(`"arn:aws:ecr:us-east-1:000000000000:repository/boxer/${project.name}"`);
  expect(found(stdout, 'function of worker')[0]).toBe('ok');
  expect(found(stdout, 'concurrency')).toEqual([
    'ok',
    'unknown: the credentials do not allow lambda:GetAccountSettings',
  ]);
  expect(found(stdout, 'seed.advertise')).toEqual(['FAIL', 'seed.example.org does not resolve here']);
});

test('doctor shows a line each for missing credentials, region, role and address', async () => {
  const project = make(oneService());
  const nobody = await project.run(['doctor', '--aws'], {
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
  });
  expect(nobody.exitCode).toBe(1);
  expect(found(nobody.stdout, 'AWS credentials')[1]).toContain('no usable AWS credentials');
  expect(nobody.stdout).not.toContain('ECR repository');
  project.write('compose.yaml', oneService().replace(/^ {2}(region|role|seed):.*\n/gm, ''));
  expect(found((await project.run(['doctor', '--aws'])).stdout, 'AWS')[1]).toContain('no AWS region');
  project.write('scaled.yaml', 'services: { worker: { scale: 3, x-boxer: { concurrency: 2 } } }');
  const files = ['-f', 'compose.yaml', '-f', 'scaled.yaml'];
  const scaled = await project.run([...files, 'doctor', '--aws'], { AWS_REGION: 'us-east-1' });
  expect(scaled.stdout).toContain('worker declares 3 replicas, and x-boxer.concurrency is 2');
  const bare = await project.run(['doctor', '--aws'], { AWS_REGION: 'us-east-1' });
  expect(found(bare.stdout, 'execution role')).toEqual(['FAIL', 'none for worker']);
  expect(found(bare.stdout, 'seed.advertise')[0]).toBe('FAIL');
});
