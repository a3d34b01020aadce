import { expect, test } from '@jest/globals';
import type { Model } from '../model.ts';
import { readAnnotations } from '../validate.ts';
import { refusals } from './index.ts';

/**
 * Paths of the problems of a project `p` with a function `api`, a boxed container `box` and the given
 * services.
 */
function refused(services: Model['services'], top: object = {}): string[] {
  const boxed = { api: { 'x-boxer': 'lambda', container_name: 'the-api' }, box: { 'x-boxer': 'container' } };
  const model: Model = { name: 'p', services: { ...boxed, ...services }, ...top };
  return refusals(model, readAnnotations(model)).map(({ path }) => path.join('.'));
}

test.each([
  ['volumes_from', ['db', 'api']],
  ['volumes_from', ['db', 'box:ro']],
  ['volumes_from', ['db', 'container:the-api:ro']],
  ['volumes_from', ['db', 'container:p-box-2']],
  ['volumes_from', ['db', 'container:p_boxer-seed_1']],
])('%s: %j is refused, because these volumes include the key of a boxed service', (key, value) => {
  expect(refused({ db: {}, web: { [key]: value } })).toEqual(['services.web.volumes_from.1']);
});

test.each([
  ['pid', 'service:api'],
  ['pid', 'container:the-api'],
  ['pid', 'container:p-boxer-lambda-1'],
  ['ipc', 'service:box'],
  ['network_mode', 'container:p-boxer-seed-1'],
])('%s: %s of an unboxed service is refused', (key, value) => {
  expect(refused({ web: { [key]: value } })).toEqual([`services.web.${key}`]);
});

test('a boxed container may not share namespaces or volumes with another boxed container', () => {
  expect(refused({ web: { 'x-boxer': 'container', volumes_from: ['box'], pid: 'service:box' } })).toEqual([
    'services.web.volumes_from.0',
    'services.web.pid',
  ]);
});

test('volumes and namespaces of unboxed services and of the host, and the network of a boxed one, may be shared', () => {
  const web = {
    volumes_from: ['db', 'container:other'],
    pid: 'host',
    ipc: 'service:db',
    network_mode: 'service:api',
  };
  expect(refused({ db: {}, web })).toEqual([]);
});

test("names of Boxer's own networks, volumes and secrets are refused", () => {
  const top = {
    networks: { cloud: { name: 'p_boxer' }, mine: { name: 'q_boxer' } },
    volumes: {
      'boxer-store': null,
      memory: { name: 'p_boxer-store' },
      code: { name: 'boxer-runtime-0123456789ab', external: true },
      mine: { name: 'p_mine' },
    },
    secrets: { 'boxer-key': { file: '/x' }, 'boxer-key-api': { file: '/x' }, 'boxer-aws': {}, key: {} },
  };
  expect(refused({}, top)).toEqual([
    ...['networks.cloud', 'volumes.boxer-store', 'volumes.memory', 'volumes.code'],
    ...['secrets.boxer-key', 'secrets.boxer-key-api', 'secrets.boxer-aws'],
  ]);
});

test('mounts and secrets at the paths of the runtime and of the keys are refused in a boxed container', () => {
  const volumes = [{ type: 'bind', source: '/x', target: '/opt/boxer/bin', read_only: true }];
  const secrets = [
    { source: 'a', target: 'boxer-key' },
    { source: 'a' },
    { source: 'a', target: '/run/secrets/boxer-aws' },
  ];
  expect(refused({ web: { 'x-boxer': 'container', volumes, secrets }, plain: { volumes, secrets } })).toEqual(
    [...['services.web.volumes.0', 'services.web.secrets.0', 'services.web.secrets.2']],
  );
});

test.each(['pre_start', 'post_start', 'pre_stop'])('%s of a function is refused', (key) => {
  expect(refused({ web: { 'x-boxer': 'lambda', [key]: [{ command: 'x' }] } })).toEqual([
    `services.web.${key}`,
  ]);
});
