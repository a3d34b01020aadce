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

/** A node of its own place: no two of these are behind one gateway. */
async function addAt(place: PlaceKind, name: string): Promise<void> {
  if (place === 'open') return addNode(name, await bed.host());
  const site = await bed.site(place);
  sites.set(name, site);
  await addNode(name, await site.host());
}

/** Two nodes behind one gateway, NAME-a and NAME-b. */
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

/** What the guests of both ends saw and what their kernels did, in words that a failed test can show. */
function summary(from: BoxedNode, { target, result, refused, way }: ClientCase, addresses: Addresses) {
  const to = nodeOf(target);
  if (typeof result === 'string') return { way, result, refused };
  const at = { seed: overlay.seed.host.address, publicAddress: to.host.publicAddress, port: ECHO_PORT };
  return {
    way,
    transport: transportOf(result.wire.remote, at),
    intact: result.intact,
    refused,
    // The guests see overlay addresses, whatever the packets carry.
    peer: result.peer === `${addresses[target]}:${ECHO_PORT}`,
    own: result.own.split(':')[0] === addresses[from.name],
    seen: result.seen.peer.split(':')[0] === addresses[from.name],
  };
}

type Addresses = Readonly<Record<string, string>>;

async function addressesByName(): Promise<Addresses> {
  return Object.fromEntries((await overlay.nodes()).map(({ service, address }) => [service, address]));
}

const WAYS = ['v4 blocking', 'v4 non-blocking', 'mapped blocking', 'mapped non-blocking'];
const good = (transport: unknown) =>
  WAYS.map((way) => ({
    way,
    transport,
    intact: true,
    refused: 'ECONNREFUSED',
    peer: true,
    own: true,
    seen: true,
  }));

async function outcome(from: string, to: string) {
  const node = nodeOf(from);
  const cases = await runClient(node, [to]);
  const addresses = await addressesByName();
  return { cases, shown: cases.map((each) => summary(node, each, addresses)) };
}

const pairs = PLACES.flatMap((from) => PLACES.map((to) => [from, to, expectedTransport(from, to)] as const));

describe('every place to every other', () => {
  test.each(pairs)('%s to %s: %s', async (from, to, transport) => {
    const { cases, shown } = await outcome(`${from}-a`, `${to}-b`);
    expect(shown).toEqual(good(transport));
    // The far end's packets came from the near end's gateway, not past it.
    const publicAddress = nodeOf(`${from}-a`).host.publicAddress;
    const relayed = overlay.seed.host.address;
    const carrier = transport === 'relay' ? relayed : publicAddress;
    for (const { result } of cases)
      if (typeof result !== 'string')
        // On a machine that is slow just then the supervisor carries the bytes to the guest itself.
        expect([carrier, SIGNAL_SOURCE]).toContain(result.seen.wire.remote.split(':')[0]);
  });

  test('every gateway has translated', async () => {
    for (const [name, site] of sites) expect([name, (await site.translated()) > 0]).toEqual([name, true]);
  });
});

describe('two nodes behind one gateway', () => {
  test.each([
    ['lan', 'punch', 'that reach each other'],
    ['walled', 'relay', 'that cannot reach each other'],
  ])('%s: %s, %s', async (name, transport) => {
    expect((await outcome(`${name}-a`, `${name}-b`)).shown).toEqual(good(transport));
    expect((await outcome(`${name}-b`, `${name}-a`)).shown).toEqual(good(transport));
  });

  // The hosts reset each other's packets within microseconds: on a busy machine they may never cross, and the
  // relay it is.
  test('hairpin: punch or relay, that reach each other by the gateway alone', async () => {
    const either = good(expect.stringMatching(/^(punch|relay)$/));
    expect((await outcome('hairpin-a', 'hairpin-b')).shown).toEqual(either);
    expect((await outcome('hairpin-b', 'hairpin-a')).shown).toEqual(either);
  });

  test('each by its own address, where a node elsewhere has the same', async () => {
    expect(nodeOf('lan-a').host.address).toBe(nodeOf('silent-b').host.address);
    expect((await outcome('lan-b', 'silent-b')).shown).toEqual(good('punch'));
  });
});
