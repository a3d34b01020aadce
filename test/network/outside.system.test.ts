import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bed, createBed, FIRST_PRIVATE_ADDRESS, type Host } from './lib/bed.ts';
import { runClient, startEcho } from './lib/client.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from './lib/overlay.ts';

/**
 * A seed on a network of its own, of which some ports are published, with nodes beside it and elsewhere: what
 * an engine's host and functions on AWS are to each other.
 */

const PORTS = {
  control: 7070,
  relay: 7071,
  observers: [7072, 7073],
  initiators: { first: 7100, last: 7107 },
};

let bed: Bed;
let overlay: TestOverlay;
let seed: Host;
const nodes = new Map<string, BoxedNode>();

beforeAll(async () => {
  bed = await createBed();
  const { first, last } = PORTS.initiators;
  const initiators = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const published = [PORTS.control, PORTS.relay, ...PORTS.observers, ...initiators];
  const forwarded = Object.fromEntries(published.map((port) => [port, FIRST_PRIVATE_ADDRESS]));
  const engine = await bed.site('silent', { forwarded });
  seed = await engine.host();
  overlay = await startOverlay(bed, {
    host: seed,
    config: {
      advertise: { host: engine.publicAddress, port: PORTS.control },
      observers: PORTS.observers,
      relay: { port: PORTS.relay, ports: PORTS.initiators },
    },
  });
  const add = async (name: string, host: Host, isInside = false) => {
    const node = await overlay.node(name, host, { isInside });
    nodes.set(name, node);
    await startEcho(node);
  };
  await add('inside', await engine.host(), true);
  await add('beside', await engine.host(), true);
  await add('one', await (await bed.site('silent')).host());
  await add('two', await (await bed.site('silent')).host());
  await add('vpc', await (await bed.site('symmetric')).host());
}, 300_000);

afterAll(() => bed?.remove());

const nodeOf = (name: string): BoxedNode => {
  const node = nodes.get(name);
  if (!node) throw new Error(name);
  return node;
};

/** Where the packets of connections from one to the other go, by the kernel's table at the initiator. */
async function waysBetween(from: string, to: string): Promise<string[]> {
  const cases = await runClient(nodeOf(from), [to]);
  return cases.map(({ result, refused }) => {
    expect(refused).toBe('ECONNREFUSED');
    if (typeof result === 'string') return result;
    expect(result.intact).toBe(true);
    expect(result.peer).toMatch(/198\.18\.0\.\d+:7000$/);
    return result.wire.remote.replace(/:\d+$/, '');
  });
}

const all = (address: string) => (ways: readonly string[]) =>
  expect([...new Set(ways)]).toEqual([expect.stringContaining(address)]);

test('functions punch each other, as the seed has seen them from outside', async () => {
  all(nodeOf('two').host.publicAddress)(await waysBetween('one', 'two'));
  all(nodeOf('one').host.publicAddress)(await waysBetween('two', 'one'));
}, 300_000);

test('behind a NAT that gives every connection another port they use the relay, by published ports', async () => {
  all(seed.publicAddress)(await waysBetween('vpc', 'one'));
  all(seed.publicAddress)(await waysBetween('one', 'vpc'));
}, 300_000);

test('from inside to outside and back the relay carries, each side by its own address of it', async () => {
  all(seed.address)(await waysBetween('inside', 'one'));
  all(seed.publicAddress)(await waysBetween('one', 'inside'));
}, 300_000);

test('nodes on the network of the seed connect directly, as ever', async () => {
  all(nodeOf('beside').host.address)(await waysBetween('inside', 'beside'));
}, 300_000);
