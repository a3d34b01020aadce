import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { functionMemory, serviceSettings } from './settings.ts';
import { distance, suggest } from './suggest.ts';
import { megabytes, seconds } from './units.ts';
import { readAnnotations } from './validate.ts';

const read = (value: unknown) => readAnnotations({ name: 'p', services: { web: { 'x-boxer': value } } });
const problem = (value: unknown) => {
  const [first] = read(value).problems;
  return (
    first &&
    `${first.path.slice(2).join('.')}: ${first.message}${first.hint === undefined ? '' : ` | ${first.hint}`}`
  );
};

test('readAnnotations() fills in every default of the short form', () => {
  expect(read('lambda').services.get('web')).toMatchObject({
    target: 'lambda',
    timeout: 900,
    ephemeralStorage: 512,
  });
  expect(read('container').services.get('web')?.target).toBe('container');
});

test('megabytes() and seconds() read the units of Lambda and of Compose', () => {
  expect([512, '512', '512m', '512MB', '0.5g', '524288k'].map(megabytes)).toEqual(Array(6).fill(512));
  expect([90, '90', '90s', '1m30s', '1.5m'].map(seconds)).toEqual(Array(5).fill(90));
  expect(['', 'x', '1t', '1.5', '-1', '1k'].map(megabytes)).toEqual(Array(6).fill(undefined));
  expect(['', '1d', '0.5s', 's'].map(seconds)).toEqual(Array(4).fill(undefined));
});

test("functionMemory() takes x-boxer's memory, else the service's limit, else that of one vCPU", () => {
  const settings = serviceSettings('lambda');
  expect(functionMemory(settings, undefined)).toBe(1769);
  expect(functionMemory(settings, 512 * 2 ** 20)).toBe(512);
  expect(functionMemory(settings, 2 ** 20)).toBe(128);
  expect(functionMemory(settings, 2 ** 40)).toBe(10_240);
  expect(functionMemory(serviceSettings({ memory: '1g' }), 2 ** 40)).toBe(1024);
});

describe('invalid annotations', () => {
  test.each([
    ['lamda', 'x-boxer: must be lambda, container or a mapping, and is "lamda" | Did you mean lambda?'],
    [null, 'x-boxer: must be lambda, container or a mapping, and is null'],
    [{ memroy: 512 }, 'x-boxer.memroy: unknown key | Did you mean memory?'],
    [{ ephemeralStorage: 512 }, 'x-boxer.ephemeralStorage: unknown key | Did you mean ephemeral-storage?'],
    [
      { memory: 64 },
      'x-boxer.memory: must be a whole number of MB from 128 to 10240, such as 512 or "512m", and is 64',
    ],
    [
      { timeout: '20m' },
      'x-boxer.timeout: must be a whole number of seconds from 1 to 900, such as 300 or "5m", and is "20m"',
    ],
    [
      { lifetime: 5 },
      'x-boxer.lifetime: must be a whole number of seconds from 10 to 900, such as 600 or "10m", and is 5',
    ],
    [
      { timeout: '5m', lifetime: '6m' },
      'x-boxer.lifetime: must not be longer than timeout, after which Lambda ends the function, and is "6m"',
    ],
    [
      { lifetime: '10m', renew: { before: '10m' } },
      'x-boxer.renew.before: must be shorter than lifetime (without one: timeout), and is "10m"',
    ],
    [
      { timeout: 60, renew: { before: 60 } },
      'x-boxer.renew.before: must be shorter than lifetime (without one: timeout), and is 60',
    ],
    [
      { timeout: 5, renew: { before: 1 } },
      'x-boxer.renew: must be left out, or false, where functions live for less than 10 s (lifetime, or timeout), and is {"before":1}',
    ],
    [
      { lifetime: '10m', renew: false },
      'x-boxer.lifetime: must be left out with renew: false: nothing follows, and timeout ends a function, and is "10m"',
    ],
    [{ renew: true }, 'x-boxer.renew: must be false, or a mapping such as { before: 1m }, and is true'],
    [{ renew: { after: 1 } }, 'x-boxer.renew.after: unknown key | Known here: before.'],
    [{ target: 'ecs' }, 'x-boxer.target: must be lambda or container, and is "ecs"'],
    [{ names: 'web' }, 'x-boxer.names: must be a list, and is "web"'],
    [{ names: ['a b'] }, 'x-boxer.names.0: must be a DNS name, and is "a b"'],
    [
      { remap: { '/var/lib': '/var/tmp' } },
      'x-boxer.remap./var/lib: must be a path below /tmp, and is "/var/tmp"',
    ],
    [
      { remap: { '/var/lib': '/tmp/../etc' } },
      'x-boxer.remap./var/lib: must be a path below /tmp, and is "/tmp/../etc"',
    ],
    [{ environment: { inclde: [] } }, 'x-boxer.environment.inclde: unknown key | Did you mean include?'],
    [{ 'wait-for': { nodes: 0 } }, 'x-boxer.wait-for.nodes: must be at least 1, and is 0'],
  ])('%j of a service is refused with the reason', (value, said) => expect(problem(value)).toBe(said));

  test('of the project are all reported, each with its path', () => {
    const { problems } = readAnnotations({
      name: 'p',
      'x-boxer': {
        provider: 'gcp',
        network: '198.18.0.1/15',
        sed: {},
        seed: { relays: -1, 'relay-port': 0, 'relay-ports': '5000-4000', 'idle-timeout': 0 },
      },
    });
    expect(problems.map(({ path }) => path.join('.'))).toEqual([
      'x-boxer.provider',
      'x-boxer.network',
      'x-boxer.seed.relays',
      'x-boxer.seed.relay-port',
      'x-boxer.seed.relay-ports',
      'x-boxer.seed.idle-timeout',
      'x-boxer.sed',
    ]);
  });
});

test('readAnnotations() never throws, whatever the value', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: false, maxDepth: 3 }), (value) => {
      const { services, problems } = read(value);
      expect(services.has('web')).toBe(problems.length === 0);
    }),
    { numRuns: 300 },
  );
});

test('distance() is a metric, and suggest() gives a known word only if it is near', () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      expect(distance(a, b)).toBe(distance(b, a));
      expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c));
    }),
    { numRuns: 200 },
  );
  expect(suggest('memory', ['timeout', 'memory'])).toBe('memory');
  expect(suggest('zzzzzz', ['timeout', 'memory'])).toBeUndefined();
});

test('seed.store is refused with credentials in its URL, and several seeds are refused without a store', () => {
  const seed = (value: unknown) =>
    readAnnotations({ name: 'p', 'x-boxer': { seed: value }, services: {} }).problems.map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );
  expect(seed({ store: 'nats://a:4222,b:4222', 'store-credentials': './seed.creds', replicas: 2 })).toEqual(
    [],
  );
  expect(seed({ store: 'nats://user:password@a:4222' })).toEqual([
    expect.stringMatching(/^x-boxer\.seed\.store: must be nats:.* without credentials/),
  ]);
  expect(seed({ store: 'redis://a:1' })).toHaveLength(1);
  expect(seed({ replicas: 2 })).toEqual([
    expect.stringMatching(/^x-boxer\.seed\.replicas: more than 1 needs seed\.store/),
  ]);
});
