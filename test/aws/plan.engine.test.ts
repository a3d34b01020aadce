import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Bed, type BedProject, oneService, ROLE, startBed } from './lib/bed.ts';

let bed: Bed;
const projects: BedProject[] = [];
beforeAll(async () => {
  bed = await startBed();
}, 240_000);
afterAll(() => bed.stop());
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

const make = (yaml: string): BedProject => {
  const project = bed.project(yaml);
  projects.push(project);
  return project;
};

const goldens = join(import.meta.dirname, 'golden');

/** What differs from run to run, replaced. To accept a change: GOLDEN=write npm test -- test/aws/plan */
function expectGolden(name: string, text: string, project: BedProject): void {
  // Of the same length, so that the columns stay where they are.
  const plain = text
    .replaceAll(project.name, 'boxer-test-0000000000')
    .replaceAll(/([:-])[0-9a-f]{12}\b/g, '$1000000000000')
    .replaceAll(/\d+ MB unpacked/g, '99 MB unpacked');
  const file = join(goldens, `${name}.txt`);
  if (process.env.GOLDEN === 'write' || !existsSync(file)) writeFileSync(file, `${plain}\n`);
  expect(`${plain}\n`).toBe(readFileSync(file, 'utf8'));
}

const two = `
services:
  worker:
    image: debian:bookworm-slim
    scale: 20
    x-boxer: { target: lambda, memory: 1g, timeout: 5m, ephemeral-storage: 2g, concurrency: 40 }
  api:
    image: debian:bookworm-slim
    x-boxer: lambda
  redis:
    image: debian:bookworm-slim
x-boxer:
  provider: aws
  region: us-east-1
  role: ${ROLE}
`;

test('what is in no account yet: everything is to be made, and it costs what the table says', async () => {
  const project = make(two);
  const { exitCode, stdout, stderr } = await project.run(['plan']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expectGolden('all-new', stdout, project);
  expect(project.has(project.state())).toBe(false);
  expect(bed.ecr.faults).toEqual([]);
});

test('as JSON, and with the prices of a region that is in no table', async () => {
  const project = make(two.replace('us-east-1', 'eu-north-1'));
  const env = { AWS_ENDPOINT_URL_ECR: bed.lambdaProxy.url, AWS_ENDPOINT_URL_LAMBDA: bed.lambdaProxy.url };
  bed.lambdaProxy.fail(/DescribeRepositories/, {
    status: 400,
    type: 'RepositoryNotFoundException',
    message: 'none',
  });
  try {
    const { exitCode, stdout } = await project.run(['plan', '--json', 'worker'], env);
    const plan = JSON.parse(stdout);
    expect(exitCode).toBe(0);
    expect(plan).toMatchObject({
      project: project.name,
      provider: 'aws',
      region: 'eu-north-1',
      cost: { currency: 'USD', pricesOf: 'us-east-1', exact: false },
    });
    expect(plan.resources.map(({ kind, action }: Record<string, string>) => `${action} ${kind}`)).toEqual([
      'create repository',
      'create image',
      'create function',
    ]);
    const [cost] = plan.cost.services;
    // 1 GB for an hour, 1.5 GB of /tmp beyond what is free, and twelve lives of five minutes.
    expect(cost.perReplicaHour).toBeCloseTo(3600 * (0.0000166667 + 1.5 * 0.0000000309) + 12 * 0.0000002, 9);
    expect(cost.per1000ReplicaMinutes).toBeCloseTo((cost.perReplicaHour * 1000) / 60, 9);
    expect(plan.cost.perHour).toBeCloseTo(20 * cost.perReplicaHour, 9);
  } finally {
    bed.lambdaProxy.heal();
  }
});

test('the local provider plans as well, and asks nobody in AWS', async () => {
  const project = make(two);
  const before = bed.lambdaProxy.requests.length + bed.ecr.calls.length;
  const { exitCode, stdout } = await project.run(['plan', '--provider', 'local']);
  expect(exitCode).toBe(0);
  expectGolden('local', stdout, project);
  expect(bed.lambdaProxy.requests.length + bed.ecr.calls.length).toBe(before);
});

test('no region, no role, a provider that there is not, an image for another processor', async () => {
  const noRegion = await make(two.replace('  region: us-east-1\n', '')).run(['plan']);
  expect(noRegion).toMatchObject({ exitCode: 1, stdout: '' });
  expect(noRegion.stderr).toContain('no AWS region');
  const byVariable = await make(two.replace('  region: us-east-1\n', '')).run(['plan'], {
    AWS_REGION: 'us-east-1',
  });
  expect(byVariable.exitCode).toBe(0);
  const noRole = await make(two.replace(`  role: ${ROLE}\n`, '')).run(['plan']);
  expect(noRole.exitCode).toBe(1);
  expect(noRole.stderr).toContain(
    'compose.yaml:6: service "worker": x-boxer: its function needs an execution role',
  );
  expect((await make(two).run(['plan', '--provider', 'gcp'])).stderr).toContain(
    '--provider must be local or aws',
  );
  const arm = await make(oneService(', architecture: arm64')).run(['plan']);
  expect(arm.exitCode).toBe(1);
  expect(arm.stderr).toContain(
    'service "worker": its image is built for x86_64, and the function is to run on arm64',
  );
});

test('an image of the other architecture, for which there is no runtime here', async () => {
  const project = make(
    oneService().replace('image: debian:bookworm-slim', 'build: .\n    platform: linux/arm64'),
  );
  project.write('Dockerfile', 'FROM scratch\nCOPY compose.yaml /\nENTRYPOINT ["/x"]\n');
  const { exitCode, stderr } = await project.run(['build']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(
    'service "worker": its image is built for arm64, and there is no runtime of Boxer for that here',
  );
  expect((await project.run(['plan'])).stderr).toContain('Runtimes here: amd64.');
  project.docker('image', 'rm', '--force', `${project.name}-worker`);
});

test('build makes the twins of what it built, and iam asks nobody', async () => {
  const project = make(oneService().replace('image: debian:bookworm-slim', 'build: .'));
  project.write('Dockerfile', 'FROM debian:bookworm-slim\nENV BUILT=1\n');
  const built = await project.run(['build', '--quiet']);
  expect({ code: built.exitCode, stderr: built.stderr }).toMatchObject({ code: 0 });
  const twins = project.docker(
    'image',
    'ls',
    '--quiet',
    '--filter',
    `label=io.boxer.twin.project=${project.name}`,
  );
  expect(twins.stdout.trim().split('\n').length).toBe(1);
  const { stdout } = await project.run(['iam', 'deployer'], { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
  expect(stdout).toContain(`"arn:aws:ecr:us-east-1:000000000000:repository/boxer/${project.name}"`);
  const all = await project.run(['iam', '--json'], { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
  expect(Object.keys(JSON.parse(all.stdout))).toEqual(['deployer', 'phantom', 'function', 'trust']);
  expect((await project.run(['iam', 'nobody'])).exitCode).toBe(1);
  project.docker('image', 'rm', '--force', `${project.name}-worker`);
});

test('up asks before it costs money, and refuses where nobody can be asked', async () => {
  const project = make(oneService());
  const { exitCode, stderr } = await project.run(['up', '-d']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`create   function     boxer-${project.name}-worker`);
  expect(stderr).toContain('there is no terminal to ask');
  expect(bed.ecr.repositories.size).toBe(0);
  expect(project.has(project.state())).toBe(false);
  const noAddress = await make(two).run(['up', '-d', '--yes']);
  expect(noAddress.stderr).toContain('x-boxer.seed.advertise: functions on AWS need an address');
});

test('what has to be open for functions is in the plan, by the ports that the project sets', async () => {
  const seed = 'seed: { advertise: "seed.example.org:8070", relay-port: 9000, relay-ports: 9100-9115 }';
  const project = make(oneService().replace(/seed: \{.*\}/, seed));
  const { stdout } = await project.run(['plan']);
  expect(stdout).toContain(
    'To be open to functions on seed.example.org (security group, firewall): TCP 8070, 9000, ' +
      '8072-8073, 9100-9115',
  );
  const { openings } = JSON.parse((await project.run(['plan', '--json'])).stdout);
  expect(openings.host).toBe('seed.example.org');
  expect(openings.rules.map(({ ports }: { ports: string }) => ports)).toEqual([
    ...['8070', '9000', '8072-8073', '9100-9115'],
  ]);
});

test('a profile may say everything: region, credentials and endpoints', async () => {
  const project = make(oneService().replace('  region: us-east-1\n', ''));
  project.write(
    'aws-config',
    `[profile bed]
region = us-east-1
services = bed
aws_access_key_id = AKIDPROFILE
aws_secret_access_key = secret
[services bed]
ecr =
  endpoint_url = ${bed.ecrProxy.url}
lambda =
  endpoint_url = ${bed.lambdaProxy.url}
`,
  );
  const before = bed.lambdaProxy.requests.length;
  const { exitCode, stdout, stderr } = await project.run(['plan'], {
    AWS_CONFIG_FILE: join(project.directory, 'aws-config'),
    AWS_PROFILE: 'bed',
    ...{ AWS_ENDPOINT_URL_ECR: undefined, AWS_ENDPOINT_URL_LAMBDA: undefined },
    ...{ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain('provider aws, us-east-1');
  expect(bed.lambdaProxy.requests.length).toBeGreaterThan(before);
});
