// `docker boxer probe` on AWS pushes an image, creates functions, invokes them from a container with the
// phantoms' Lambda client, and removes everything.
import { existsSync } from 'node:fs';
import { GetFunctionCommand } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { builtHome } from '../../compose-plugin/testing/home.ts';
import { type Bed, type BedProject, oneService, SECRET, startBed } from './lib/bed.ts';
import { type FaultProxy, startFaultProxy } from './lib/fault-proxy.ts';
import { type Internet, startInternet } from './lib/internet.ts';

let bed: Bed;
let internet: Internet;
/** The Lambda API at an address that the plugin and the container that invokes probes can both reach. */
let api: FaultProxy;
const projects: BedProject[] = [];

beforeAll(async () => {
  bed = await startBed(builtHome);
  internet = await startInternet(bed.lambda);
  api = await startFaultProxy(internet.lambda, internet.address);
}, 240_000);
afterAll(async () => {
  await api.stop();
  await internet.close();
  await bed.stop();
});
afterEach(() => {
  api.heal();
  // What is in the account of the bed goes with the bed: `down` would only take time.
  for (const project of projects.splice(0)) project.remove();
});

const reachable = () => oneService().replace('seed.example.org', internet.address);

const make = (yaml = oneService()): BedProject => {
  const project = bed.project(yaml);
  projects.push(project);
  return project;
};
const probe = (project: BedProject, ...words: string[]) =>
  project.run(['probe', ...words], { AWS_ENDPOINT_URL_LAMBDA: api.url });

/** Expects that nothing of a probe is left in the account, on the engine or in the folder. */
async function expectNothing(project: BedProject): Promise<void> {
  const FunctionName = `boxer-${project.name}-boxer-probe`;
  const read = bed.client.send(new GetFunctionCommand({ FunctionName }));
  await expect(read).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  expect(bed.ecr.repositories.size).toBe(0);
  expect(project.docker('compose', '-p', project.name, 'ps', '--all', '--quiet').stdout).toBe('');
  for (const file of ['aws.json', 'aws-credentials.json', 'probe.yaml', 'change.lock'])
    expect({ [file]: project.has(project.state(file)) }).toEqual({ [file]: false });
}

test('probe measures the connections of functions to an advertised seed and to each other', async () => {
  const project = make(reachable());
  const { exitCode, stdout, stderr } = await probe(project, '--yes', '--json', '--addresses');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const { functions, errors } = JSON.parse(stdout);
  expect(errors).toEqual([]);
  for (const { network, peer } of functions) {
    expect(network).toMatchObject({
      localAddress: '169.254.76.1',
      seed: { roundTrip: { count: 20 }, upload: { bytes: 4 * 2 ** 20 } },
    });
    expect(network.observed.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(network.mappings).toHaveLength(8);
    expect(peer.punch.plain.length).toBeGreaterThan(0);
  }
  await expectNothing(project);
}, 240_000);

test('probe reports the sandboxes of functions that do not reach the seed, and leaves nothing', async () => {
  const project = make();
  const { exitCode, stdout, stderr } = await probe(project, '--yes', '--json');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  // Before it asks, the probe lists what it will make.
  expect(stderr).toMatch(new RegExp(`create +function +boxer-${project.name}-boxer-probe +1769 MB, 180 s`));
  expect(stderr).toContain('lambda:CreateFunction');
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ provider: 'aws', region: 'us-east-1', errors: [] });
  for (const { sandbox, network } of report.functions) {
    expect(sandbox).toMatchObject({ uid: 993, rootReadOnly: true });
    expect(network.error).toMatch(/^the seed is not reached: /);
    expect(network.error).not.toContain('example.org');
  }
  expect(report.starts.length).toBe(4);
  for (const text of [stdout, stderr]) expect(text).not.toContain(SECRET);
  expect(stdout).not.toMatch(/(?<!\d)\d{12}(?!\d)/);
  await expectNothing(project);
  expect(bed.ecr.faults).toEqual([]);
}, 240_000);

test('a probe that is declined, forbidden or unanswered leaves nothing', async () => {
  const project = make();
  const unasked = await probe(project);
  expect(unasked.exitCode).toBe(1);
  expect(unasked.stderr).toContain('there is no terminal to ask');
  expect(existsSync(project.state())).toBe(false);

  const denied = { status: 403, type: 'AccessDeniedException', message: 'no' };
  api.fail(/^POST \/2015-03-31\/functions$/, denied);
  const refused = await probe(project, '--yes');
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('the AWS credentials may not lambda:CreateFunction');
  await expectNothing(project);

  api.heal();
  api.fail(/response-streaming-invocations/, { status: 500, type: 'ServiceException', message: 'broken' });
  const broken = await probe(project, '--yes');
  expect(broken).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/Not measured:\n {2}broken/) });
  await expectNothing(project);
}, 240_000);
