import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bed, createBed, FIRST_PRIVATE_ADDRESS, type Host } from './lib/bed.ts';
import { runClient, startEcho } from './lib/client.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from './lib/overlay.ts';

// The seed is behind a gateway that publishes some of its ports. Two nodes are on the seed's network, and the
// others are outside. A Docker host and functions on AWS relate to each other in this way.

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

/** Connects one node to another; resolves to the addresses to which the client's kernel sends the packets. */
async function packetTargets(from: string, to: string): Promise<string[]> {
  const cases = await runClient(nodeOf(from), [to]);
  return cases.map(({ result, refused }) => {
    expect(refused).toBe('ECONNREFUSED');
    if (typeof result === 'string') return result;
    expect(result.intact).toBe(true);
    expect(result.peer).toMatch(/198\.18\.0\.\d+:7000$/);
    return result.wire.remote.replace(/:\d+$/, '');
  });
}

async function expectPackets(from: string, to: string, target: string): Promise<void> {
  expect([...new Set(await packetTargets(from, to))]).toEqual([expect.stringContaining(target)]);
}

test('two outside nodes punch, to the addresses that the seed has seen', async () => {
  await expectPackets('one', 'two', nodeOf('two').host.publicAddress);
  await expectPackets('two', 'one', nodeOf('one').host.publicAddress);
}, 300_000);

test('a node behind a symmetric NAT uses the relay through its published ports', async () => {
  await expectPackets('vpc', 'one', seed.publicAddress);
  await expectPackets('one', 'vpc', seed.publicAddress);
}, 300_000);

test("inside nodes use the relay's private address, and outside nodes its public address", async () => {
  await expectPackets('inside', 'one', seed.address);
  await expectPackets('one', 'inside', seed.publicAddress);
}, 300_000);

test("nodes on the seed's network connect directly", async () => {
  await expectPackets('inside', 'beside', nodeOf('beside').host.address);
}, 300_000);
