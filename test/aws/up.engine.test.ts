import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Ran } from '../lib/project.ts';
import { type Bed, type BedProject, oneService, ROLE, SECRET, startBed } from './lib/bed.ts';

let bed: Bed;
const projects: BedProject[] = [];
beforeAll(async () => {
  bed = await startBed();
}, 240_000);
afterAll(async () => {
  (await pushing)?.project.remove();
  await bed.stop();
}, 120_000);
// What is in the account of the bed goes with the bed: `down` would only take time.
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
}, 240_000);

const make = (yaml: string): BedProject => {
  const project = bed.project(yaml);
  projects.push(project);
  return project;
};

let pushing: Promise<{ project: BedProject; first: Ran }> | undefined;
/** A project that was pushed, for the tests that look at what that has done. */
function pushedProject() {
  const push = async () => {
    const project = bed.project(oneService());
    return { project, first: await project.run(['push']) };
  };
  pushing ??= push();
  return pushing;
}

const functionOf = (project: BedProject) => `boxer-${project.name}-worker`;
const read = (project: BedProject) =>
  bed.client.send(new GetFunctionCommand({ FunctionName: functionOf(project) }));

test('push builds a twin, pushes it by digest, and does not push it a second time', async () => {
  const { project, first } = await pushedProject();
  expect({ code: first.exitCode, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
  const [, uri = ''] = /^worker (\S+)$/m.exec(first.stdout) ?? [];
  expect(uri).toMatch(new RegExp(`^${bed.registry.host}/boxer/${project.name}@sha256:[0-9a-f]{64}$`));
  const manifest = await bed.registry.get(
    `boxer/${project.name}/manifests/${uri.split('@')[1]}`,
    'application/vnd.docker.distribution.manifest.v2+json',
  );
  expect(manifest.status).toBe(200);
  const repository = bed.ecr.repositories.get(`boxer/${project.name}`);
  expect(repository?.description).toMatchObject({
    imageTagMutability: 'IMMUTABLE',
    imageScanningConfiguration: { scanOnPush: true },
    encryptionConfiguration: { encryptionType: 'AES256' },
  });
  expect(repository?.tags).toContainEqual({ Key: 'boxer:project', Value: project.name });
  expect(repository?.lifecyclePolicyText).toContain('"untagged"');

  const before = bed.ecr.calls.length;
  const second = await project.run(['push']);
  expect(second.stdout).toBe(first.stdout);
  expect(bed.ecr.calls.slice(before)).not.toContain('GetAuthorizationToken');
  expect(bed.ecr.faults).toEqual([]);
});

test("the registry's password never gets into the user's docker configuration", async () => {
  expect((await pushedProject()).first.exitCode).toBe(0);
  const config = join(bed.home.root, 'docker', 'config.json');
  const text = (() => {
    try {
      return readFileSync(config, 'utf8');
    } catch {
      return '';
    }
  })();
  expect(text).not.toContain(bed.registry.host);
});

test('up makes functions as described and phantoms that reach them, and shows no secret', async () => {
  const project = make(oneService(', ephemeral-storage: 1g, concurrency: 7'));
  const { exitCode, stderr } = await project.run(['up', '-d', '--yes']);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const { Configuration, Code, Tags, Concurrency } = await read(project);
  expect(Configuration).toMatchObject({
    State: 'Active',
    MemorySize: 512,
    Timeout: 300,
    EphemeralStorage: { Size: 1024 },
    Architectures: ['x86_64'],
    Role: ROLE,
  });
  expect(Code?.ImageUri).toMatch(/@sha256:[0-9a-f]{64}$/);
  expect(Tags).toMatchObject({ 'boxer:project': project.name, 'boxer:service': 'worker' });
  expect(Tags?.['boxer:version']).toMatch(/^\d/);
  expect(Concurrency?.ReservedConcurrentExecutions).toBe(7);
  const events = new GetFunctionEventInvokeConfigCommand({ FunctionName: functionOf(project) });
  expect((await bed.client.send(events)).MaximumRetryAttempts).toBe(0);

  const inspected = project.docker('inspect', `${project.name}-worker-1`).stdout;
  const override = project.read(project.state('override.yaml'));
  expect(override).toContain(functionOf(project));
  expect(override).toContain(bed.lambdaProxy.url);
  expect(override).not.toContain('boxer-lambda');
  for (const text of [inspected, override, stderr]) expect(text).not.toContain(SECRET);
  const secret = project.docker('exec', `${project.name}-worker-1`, 'cat', '/run/secrets/boxer-aws').stdout;
  expect(JSON.parse(secret)).toEqual({ accessKeyId: 'AKIDBED', secretAccessKey: SECRET });

  const { stdout: spent } = await project.run(['cost', '--json']);
  expect(JSON.parse(spent)).toMatchObject({
    provider: 'aws',
    countedBy: 'phantoms',
    services: [{ service: 'worker', running: 1, ended: 0 }],
  });
  const again = await project.run(['plan']);
  expect(again.stdout).not.toMatch(/^(create|change)/m);
});

test('phantoms get the credentials of their profile, or none, and down removes them', async () => {
  const project = make(oneService('', '  credentials: phantom'));
  project.write('aws', '[phantom]\naws_access_key_id = AKIDPHANTOM\naws_secret_access_key = other\n');
  const env = { AWS_SHARED_CREDENTIALS_FILE: join(project.directory, 'aws') };
  expect((await project.run(['up', '-d', '--yes'], env)).exitCode).toBe(0);
  expect(JSON.parse(project.read(project.state('aws-credentials.json')))).toMatchObject({
    accessKeyId: 'AKIDPHANTOM',
  });
  expect((await project.run(['down', '--timeout', '1'], env)).exitCode).toBe(0);
  expect(project.has(project.state('aws-credentials.json'))).toBe(false);
  project.write('compose.yaml', oneService('', '  credentials: instance'));
  expect((await project.run(['up', '-d', '--yes'])).exitCode).toBe(0);
  expect(project.has(project.state('aws-credentials.json'))).toBe(false);
  expect(project.read(project.state('override.yaml'))).not.toContain('boxer-aws');
});

test('after link, docker compose build builds no function, and names the command that does', async () => {
  const yaml = oneService().replace('image: debian:bookworm-slim', 'build: .');
  const project = make(yaml);
  project.write('Dockerfile', 'FROM debian:bookworm-slim\nCOPY compose.yaml /\n');
  expect((await project.run(['up', '-d', '--yes'])).exitCode).toBe(0);
  expect((await project.run(['link'])).exitCode).toBe(0);
  const container = () => project.docker('ps', '-q', '--filter', `name=${project.name}-worker-1`).stdout;
  const before = container();
  project.write('compose.yaml', `${yaml}# changed\n`);
  for (const words of [['build'], ['up', '-d', '--build']]) {
    const { code, stderr } = project.docker('compose', ...words);
    expect({ words, code: code === 0 }).toEqual({ words, code: false });
    expect(stderr).toContain('docker boxer up -d --build');
  }
  expect(container()).toBe(before);
  expect((await project.run(['up', '-d', '--build', '--yes'])).exitCode).toBe(0);
  expect(container()).not.toBe(before);
  project.docker('image', 'rm', '--force', `${project.name}-worker`);
}, 600_000);

test('--provider of up applies to the following verbs until the next up', async () => {
  const project = make(oneService());
  expect((await project.run(['up', '-d', '--provider', 'local'])).exitCode).toBe(0);
  const before = bed.ecr.calls.length;
  expect((await project.run(['config'])).stdout).toContain('boxer-lambda');
  expect((await project.run(['scale', 'worker=2'])).exitCode).toBe(0);
  expect(bed.ecr.calls.length).toBe(before);
  expect((await project.run(['up', '-d', '--yes'])).exitCode).toBe(0);
  expect((await project.run(['config'])).stdout).not.toContain('boxer-lambda');
});

test('plan shows changes that were made by hand, and the next up reverts them', async () => {
  const project = make(oneService());
  expect((await project.run(['create', '--yes'])).exitCode).toBe(0);
  await bed.client.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName: functionOf(project),
      MemorySize: 2048,
      Timeout: 60,
    }),
  );
  const { stdout } = await project.run(['plan']);
  expect(stdout).toMatch(/^change +function +\S+ +memory 2048 MB -> 512 MB, timeout 60 s -> 300 s$/m);
  expect(stdout).toContain('lambda:UpdateFunctionConfiguration');
  expect((await project.run(['create', '--yes'])).exitCode).toBe(0);
  expect((await read(project)).Configuration).toMatchObject({ MemorySize: 512, Timeout: 300 });
});

test('up with another image updates the function to the new digest', async () => {
  const project = make(oneService());
  expect((await project.run(['create', '--yes'])).exitCode).toBe(0);
  const before = (await read(project)).Code?.ImageUri;
  project.write('Dockerfile', 'FROM debian:bookworm-slim\nRUN true\nENV CHANGED=1\n');
  project.write(
    'compose.yaml',
    oneService().replace('image: debian:bookworm-slim', `build: .\n    image: ${project.name}-image`),
  );
  expect((await project.run(['plan'])).stdout).toContain('the image of worker');
  const up = await project.run(['create', '--yes']);
  expect(up.exitCode).toBe(0);
  const after = (await read(project)).Code?.ImageUri;
  expect(after).toMatch(/@sha256:/);
  expect(after).not.toBe(before);
  project.docker('image', 'rm', '--force', `${project.name}-image`);
}, 180_000);
