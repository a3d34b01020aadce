import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { run } from '../lib/project.ts';
import { type Bed, oneService, REGION, startBed } from './lib/bed.ts';
import { startEcrEndpoint } from './lib/ecr-endpoint.ts';
import { startUploadProxy } from './lib/upload-proxy.ts';

let bed: Bed;
beforeAll(async () => {
  bed = await startBed();
}, 240_000);
afterAll(() => bed.stop());

test('a push that is cut in the middle leaves no image and no function, and the next one sends the rest only', async () => {
  const proxy = await startUploadProxy(bed.registry.host);
  const ecr = await startEcrEndpoint(bed.registry, REGION, proxy.host);
  const project = bed.project(oneService());
  const env = { AWS_ENDPOINT_URL_ECR: ecr.url };
  try {
    // The base image's layer is larger, the runtime's is not.
    proxy.cutAt = 2 ** 20;
    const cut = await project.run(['up', '-d', '--yes'], env);
    expect(cut.exitCode).toBe(1);
    expect(cut.stderr).toMatch(/service "worker": pushing \S+ failed/);
    expect(cut.stderr).toContain('layers that have arrived are not sent a second time');
    expect(cut.stderr).toContain(`In the account there are: repository boxer/${project.name}.`);
    expect((await bed.registry.get(`boxer/${project.name}/tags/list`)).ok).toBe(false);
    expect(bed.lambdaProxy.requests).not.toContain('POST /2015-03-31/functions');
    expect(project.has(project.state('override.yaml'))).toBe(false);

    proxy.cutAt = undefined;
    proxy.begun = 0;
    const healed = await project.run(['push'], env);
    expect({ code: healed.exitCode, stderr: healed.stderr }).toEqual({ code: 0, stderr: '' });
    const digest = healed.stdout.trim().split('@')[1];
    const manifest = await bed.registry.get(
      `boxer/${project.name}/manifests/${digest}`,
      'application/vnd.docker.distribution.manifest.v2+json',
    );
    const { layers } = JSON.parse(await manifest.text());
    // Of the layers and the configuration at least one was there.
    expect(proxy.begun).toBeLessThan(layers.length + 1);
    expect(ecr.faults).toEqual([]);
  } finally {
    project.remove();
    await ecr.stop();
    await proxy.stop();
  }
}, 300_000);

test('services share layers: what one has pushed the next does not send; a terminal shows how far it is', async () => {
  const proxy = await startUploadProxy(bed.registry.host);
  const ecr = await startEcrEndpoint(bed.registry, REGION, proxy.host);
  const api = '  api:\n    image: debian:bookworm-slim\n    command: [sleep, "1"]\n    x-boxer: lambda\n';
  const project = bed.project(oneService().replace('x-boxer:\n  provider', `${api}x-boxer:\n  provider`));
  const env = { AWS_ENDPOINT_URL_ECR: ecr.url };
  try {
    expect((await project.run(['push', 'worker'], env)).exitCode).toBe(0);
    proxy.begun = 0;
    // On a terminal of its own.
    const { exitCode, stdout } = await run('script', ['-qec', 'docker boxer push', '/dev/null'], {
      cwd: project.directory,
      env: { ...bed.env, ...env },
      extendEnv: false,
    });
    expect(exitCode).toBe(0);
    // Its configuration differs, by the labels; all layers are there.
    expect(proxy.begun).toBeLessThanOrEqual(1);
    expect(stdout).toContain('Twin of api  Pushing');
    expect(stdout).toContain('Layer already exists');
    expect(stdout).toContain('Twin of api  Pushed');
    expect(stdout).not.toContain('Twin of worker  Pushing');
  } finally {
    project.remove();
    await ecr.stop();
    await proxy.stop();
  }
}, 300_000);
