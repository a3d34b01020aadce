import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SIGNAL_SOURCE } from '../../supervisor/service/shared-table.ts';
import { type Bed, createBed, type Host, type Site } from './lib/bed.ts';
import { type ClientCase, ECHO_PORT, runClient, startEcho } from './lib/client.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from './lib/overlay.ts';
import { expectedTransport, PLACES, type PlaceKind, transportOf } from './lib/transports.ts';

let bed: Bed;
let overlay: TestOverlay;
const nodes = new Map<string, BoxedNode>();
const sites = new Map<string, Site>();

function nodeOf(name: string): BoxedNode {
  const node = nodes.get(name);
  if (!node) throw new Error(`no node ${name}`);
  return node;
}

async function addNode(name: string, host: Host): Promise<void> {
  const node = await overlay.node(name, host);
  nodes.set(name, node);
  await startEcho(node);
}

/** Adds a node at a place. Each of these nodes is alone behind its gateway. */
async function addAt(place: PlaceKind, name: string): Promise<void> {
  if (place === 'open') return addNode(name, await bed.host());
  const site = await bed.site(place);
  sites.set(name, site);
  await addNode(name, await site.host());
}

/** Adds two nodes behind one gateway, NAME-a and NAME-b. */
async function addNeighbours(name: string, options: { hairpin: boolean; isolated: boolean }): Promise<void> {
  const site = await bed.site('silent', options);
  sites.set(name, site);
  for (const end of ['a', 'b']) await addNode(`${name}-${end}`, await site.host(options));
}

beforeAll(async () => {
  bed = await createBed();
  overlay = await startOverlay(bed);
  for (const place of PLACES) for (const end of ['a', 'b']) await addAt(place, `${place}-${end}`);
  await addNeighbours('lan', { hairpin: false, isolated: false });
  await addNeighbours('hairpin', { hairpin: true, isolated: true });
  await addNeighbours('walled', { hairpin: false, isolated: true });
}, 300_000);

afterAll(() => bed?.remove());

/** Compares what the guests of both ends saw with the overlay, in a form that a failed test can show. */
function summary(from: BoxedNode, { target, result, refused, variant }: ClientCase, addresses: Addresses) {
  const { publicAddress } = nodeOf(target).host;
  if (typeof result === 'string') return { variant, result, refused };
  const remote = { seed: overlay.seed.host.address, publicAddress, port: ECHO_PORT };
  return {
    variant,
    transport: transportOf(result.wire.remote, remote),
    intact: result.intact,
    refused,
    // The guests see overlay addresses, whatever the packets carry.
    clientSeesPeer: result.peer === `${addresses[target]}:${ECHO_PORT}`,
    clientSeesItself: result.local.split(':')[0] === addresses[from.name],
    serverSeesClient: result.server.peer.split(':')[0] === addresses[from.name],
  };
}

type Addresses = Readonly<Record<string, string>>;

async function addressesByName(): Promise<Addresses> {
  return Object.fromEntries((await overlay.nodes()).map(({ service, address }) => [service, address]));
}

const VARIANTS = ['v4 blocking', 'v4 non-blocking', 'mapped blocking', 'mapped non-blocking'];
/** The summaries of connections that went over `transport` and of which both guests saw the overlay only. */
const good = (transport: unknown) =>
  VARIANTS.map((variant) => ({
    variant,
    transport,
    intact: true,
    refused: 'ECONNREFUSED',
    clientSeesPeer: true,
    clientSeesItself: true,
    serverSeesClient: true,
  }));

async function outcome(from: string, to: string) {
  const node = nodeOf(from);
  const cases = await runClient(node, [to]);
  const addresses = await addressesByName();
  return { cases, summaries: cases.map((each) => summary(node, each, addresses)) };
}

const pairs = PLACES.flatMap((from) => PLACES.map((to) => [from, to, expectedTransport(from, to)] as const));

describe('connections between nodes at different places', () => {
  test.each(pairs)('from %s to %s use %s', async (from, to, transport) => {
    const { cases, summaries } = await outcome(`${from}-a`, `${to}-b`);
    expect(summaries).toEqual(good(transport));
    // The server's kernel saw the packets come from the relay or from the client's gateway.
    const publicAddress = nodeOf(`${from}-a`).host.publicAddress;
    const source = transport === 'relay' ? overlay.seed.host.address : publicAddress;
    for (const { result } of cases)
      if (typeof result !== 'string')
        // When the machine is slow, the supervisor accepts the connection and carries its bytes to the guest.
        expect([source, SIGNAL_SOURCE]).toContain(result.server.wire.remote.split(':')[0]);
  });

  test('pass every gateway', async () => {
    for (const [name, site] of sites) expect([name, (await site.translated()) > 0]).toEqual([name, true]);
  });
});

describe('two nodes behind one gateway', () => {
  test.each([
    ['lan', 'punch', 'when they can reach each other'],
    ['walled', 'relay', 'when they cannot reach each other'],
  ])('%s: use %s %s', async (name, transport) => {
    expect((await outcome(`${name}-a`, `${name}-b`)).summaries).toEqual(good(transport));
    expect((await outcome(`${name}-b`, `${name}-a`)).summaries).toEqual(good(transport));
  });

  // The hosts reset each other's SYN packets within microseconds. On a busy machine these may never cross,
  // and the connection uses the relay.
  test('hairpin: use punch or relay when they reach each other through the gateway only', async () => {
    const either = good(expect.stringMatching(/^(punch|relay)$/));
    expect((await outcome('hairpin-a', 'hairpin-b')).summaries).toEqual(either);
    expect((await outcome('hairpin-b', 'hairpin-a')).summaries).toEqual(either);
  });

  test('reach a node elsewhere whose private address is that of their neighbour', async () => {
    expect(nodeOf('lan-a').host.address).toBe(nodeOf('silent-b').host.address);
    expect((await outcome('lan-b', 'silent-b')).summaries).toEqual(good('punch'));
  });
});
