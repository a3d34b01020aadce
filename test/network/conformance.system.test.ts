import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { makeShim, TESTBED_BUILD } from '../lib/make-shim.ts';
import { type Bed, createBed, type Host } from './lib/bed.ts';
import { type BoxedNode, startOverlay } from './lib/overlay.ts';
import { socketOf } from './lib/socket-of.ts';

/**
 * The cases of shim-c/test/conformance, server and client on two hosts: natively, then between two real nodes
 * by each transport. What the guests see must be the same, line by line.
 */

const PROGRAM = join(TESTBED_BUILD, 'work/test/conformance');

let bed: Bed;
let native: Map<string, string[]>;
let client: BoxedNode;
const servers = new Map<string, BoxedNode>();
const addresses = new Map<string, string>();

interface Side {
  readonly host: Host;
  readonly address: string;
  /** The supervisor's socket, for a guest. */
  readonly socket?: string;
}

/** Runs all cases that hold for a transport; gives the lines by case. */
async function run(
  transport: string,
  server: Side,
  from: Side,
  foreign: string,
): Promise<Map<string, string[]>> {
  const env = {
    CONFORMANCE_PRELOAD: join(TESTBED_BUILD, 'libboxer.so'),
    SERVER_NETNS: server.host.namespace.path,
    CLIENT_NETNS: from.host.namespace.path,
    ...(server.socket ? { SERVER_SOCKET: server.socket } : {}),
    ...(from.socket ? { CLIENT_SOCKET: from.socket } : {}),
  };
  const args = [transport, server.address, from.address, server.address, from.address, foreign];
  const { stdout } = await execa(PROGRAM, args, { env });
  return Map.groupBy(stdout.split('\n'), (line) => line.split(',')[0] ?? '');
}

async function sideOf(node: BoxedNode): Promise<Side> {
  return { host: node.host, address: addresses.get(node.name) ?? '', socket: await socketOf(node) };
}

beforeAll(async () => {
  bed = await createBed();
  makeShim(['all', PROGRAM], TESTBED_BUILD);
  const overlay = await startOverlay(bed);
  client = await overlay.node('client', await bed.host());
  servers.set('direct', await overlay.node('open', await bed.host()));
  servers.set('punch', await overlay.node('silent', await (await bed.site('silent')).host()));
  servers.set('relay', await overlay.node('symmetric', await (await bed.site('symmetric')).host()));
  for (const { service, address } of await overlay.nodes()) addresses.set(service, address);
  const [server, from, other] = [await bed.host(), await bed.host(), await bed.host()];
  const plain = (host: Host): Side => ({ host, address: host.address });
  native = await run('direct', plain(server), plain(from), other.address);
}, 600_000);

afterAll(() => bed?.remove());

/** A line of the native run as it has to be by a transport. */
const expectedBy = (transport: string) => (line: string) =>
  // Other connections have to come to the same local port, while this one is open and afterwards
  // (docs/process-monitor.md).
  transport === 'punch' ? line.replace(/^(option-defaults, server: SO_REUSEADDR): 0$/, '$1: 1') : line;

test('the cases themselves come to an end natively', () => {
  expect([...native.values()].flat().filter((line) => line.includes('ended with'))).toEqual([]);
  expect(native.size).toBeGreaterThan(50);
});

test.each(['direct', 'punch', 'relay'])(
  'by %s, guests see what they see natively',
  async (transport) => {
    const server = servers.get(transport);
    if (!server) throw new Error(`no server for ${transport}`);
    const seen = await run(transport, await sideOf(server), await sideOf(client), '198.18.77.77');
    const names = [...seen.keys()];
    expect(names.length).toBeGreaterThan(45);
    expect(Object.fromEntries(seen)).toEqual(
      Object.fromEntries(names.map((name) => [name, native.get(name)?.map(expectedBy(transport))])),
    );
  },
  600_000,
);
