import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { askEngine } from './api.ts';
import { inspectContainers } from './containers.ts';
import type { Docker } from './docker.ts';
import { containerIds, idsOf } from './ids.ts';
import { inspectImages } from './images.ts';

const { DOCKER_HOST, DOCKER_CONTEXT, ...env } = process.env;
const direct: Docker = { flags: [], context: undefined, env, signal: new AbortController().signal };
/** The same engine, asked through the docker command. */
const byDocker: Docker = { ...direct, flags: ['--context', 'default'] };
const LABEL = `io.boxer.test.api=${process.pid}`;

beforeAll(async () => {
  for (let count = 0; count < 2; count++)
    await execa('docker', ['create', '--label', LABEL, '--label', 'and=another', 'debian:bookworm-slim']);
});
afterAll(async () => {
  await execa('docker', ['rm', ...(await containerIds(direct, `label=${LABEL}`))]);
  for (const kind of ['network', 'volume'] as const)
    await execa('docker', [kind, 'rm', ...(await idsOf(direct, kind, `label=${LABEL}`))]);
});

test('askEngine() gives undefined for a context or host that the user has chosen', async () => {
  expect(await askEngine(direct, ['/version'])).toEqual([
    expect.objectContaining({ ApiVersion: expect.any(String) }),
  ]);
  expect(await askEngine(byDocker, ['/version'])).toBeUndefined();
  expect(
    await askEngine({ ...direct, env: { ...env, DOCKER_HOST: 'tcp://x' } }, ['/version']),
  ).toBeUndefined();
});

test('inspectImages() gives the same facts by API and by docker, and leaves out missing images', async () => {
  const names = ['debian:bookworm-slim', 'boxer-test/no-such-image:1', 'boxer/no such name'];
  expect(await inspectImages(direct, names)).toEqual(await inspectImages(byDocker, names.slice(0, 2)));
});

test('containers are the same by the API and by docker, without missing ones', async () => {
  const filters = [`label=${LABEL}`, 'label=and=another', 'status=created'];
  const found = await containerIds(direct, ...filters);
  expect(found).toHaveLength(2);
  expect(await containerIds(byDocker, ...filters)).toEqual(found);
  expect(await containerIds(direct, ...filters, 'label=and=none')).toEqual([]);
  const ids = [...found, 'f'.repeat(64)];
  const told = await inspectContainers(direct, ids);
  expect(told).toHaveLength(2);
  expect(await inspectContainers(byDocker, ids)).toEqual(told);
});

test.each(['network', 'volume'] as const)('a %s is found by the API and by docker', async (kind) => {
  const { stdout: made } = await execa('docker', [
    kind,
    'create',
    '--label',
    LABEL,
    `boxer-api-${process.pid}`,
  ]);
  expect(await idsOf(direct, kind, `label=${LABEL}`)).toEqual([made]);
  expect(await idsOf(byDocker, kind, `label=${LABEL}`)).toEqual([made]);
  expect(await idsOf(direct, kind, `label=${LABEL}`, 'label=and=none')).toEqual([]);
});

test('askEngine() fails with CANCELLED when the signal aborts', async () => {
  const signal = AbortSignal.abort();
  await expect(askEngine({ ...direct, signal }, ['/version'])).rejects.toMatchObject({ code: 'CANCELLED' });
});
