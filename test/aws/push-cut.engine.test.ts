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

test('an interrupted push leaves no image and no function, and the next sends only the rest', async () => {
  const proxy = await startUploadProxy(bed.registry.host);
  const ecr = await startEcrEndpoint(bed.registry, REGION, proxy.host);
  const project = bed.project(oneService());
  const env = { AWS_ENDPOINT_URL_ECR: ecr.url };
  try {
    // Uploads of the base image's layer are interrupted here. The runtime's layer is smaller and arrives.
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
    // At least one of the layers or the configuration was in the registry already.
    expect(proxy.begun).toBeLessThan(layers.length + 1);
    expect(ecr.faults).toEqual([]);
  } finally {
    project.remove();
    await ecr.stop();
    await proxy.stop();
  }
}, 300_000);

test('a push skips layers that another service has sent, and shows progress on a terminal', async () => {
  const proxy = await startUploadProxy(bed.registry.host);
  const ecr = await startEcrEndpoint(bed.registry, REGION, proxy.host);
  const api = '  api:\n    image: debian:bookworm-slim\n    command: [sleep, "1"]\n    x-boxer: lambda\n';
  const project = bed.project(oneService().replace('x-boxer:\n  provider', `${api}x-boxer:\n  provider`));
  const env = { AWS_ENDPOINT_URL_ECR: ecr.url };
  try {
    expect((await project.run(['push', 'worker'], env)).exitCode).toBe(0);
    proxy.begun = 0;
    // `script` runs the command on a new terminal.
    const { exitCode, stdout } = await run('script', ['-qec', 'docker boxer push', '/dev/null'], {
      cwd: project.directory,
      env: { ...bed.env, ...env },
      extendEnv: false,
    });
    expect(exitCode).toBe(0);
    // Only the configuration is new, because the labels differ. The registry has all layers.
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
