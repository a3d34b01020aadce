import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { makeShim, TESTBED_BUILD } from '../lib/make-shim.ts';
import { type Bed, createBed, type Host } from './lib/bed.ts';
import { type BoxedNode, startOverlay } from './lib/overlay.ts';
import { socketOf } from './lib/socket-of.ts';

// The cases of shim-c/test/conformance run with server and client on two hosts: first natively, then between
// two nodes over each transport. What the guests print must be the same, line by line.

const PROGRAM = join(TESTBED_BUILD, 'work/test/conformance');

let bed: Bed;
let native: Map<string, string[]>;
let client: BoxedNode;
const servers = new Map<string, BoxedNode>();
const addresses = new Map<string, string>();

interface Side {
  readonly host: Host;
  readonly address: string;
  /** The name of the supervisor's socket, if the program runs as a guest. */
  readonly socket?: string;
}

/**
 * Runs all cases that apply to a transport. `foreign`: the address of neither side. Resolves to the printed
 * lines by case.
 */
async function run(
  transport: string,
  server: Side,
  clientSide: Side,
  foreign: string,
): Promise<Map<string, string[]>> {
  const env = {
    CONFORMANCE_PRELOAD: join(TESTBED_BUILD, 'libboxer.so'),
    SERVER_NETNS: server.host.namespace.path,
    CLIENT_NETNS: clientSide.host.namespace.path,
    ...(server.socket ? { SERVER_SOCKET: server.socket } : {}),
    ...(clientSide.socket ? { CLIENT_SOCKET: clientSide.socket } : {}),
  };
  const addresses = [server.address, clientSide.address];
  const args = [transport, ...addresses, ...addresses, foreign];
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
  const [serverHost, clientHost, foreign] = [await bed.host(), await bed.host(), await bed.host()];
  const nativeSide = (host: Host): Side => ({ host, address: host.address });
  native = await run('direct', nativeSide(serverHost), nativeSide(clientHost), foreign.address);
}, 600_000);

afterAll(() => bed?.remove());

/** The line that a guest must print over `transport` where a native run prints `line`. */
const expectedLine = (transport: string) => (line: string) =>
  // A punched connection has SO_REUSEADDR, so that other connections can come to the same local port while it
  // is open and afterwards (docs/process-monitor.md).
  transport === 'punch' ? line.replace(/^(option-defaults, server: SO_REUSEADDR): 0$/, '$1: 1') : line;

test('every case ends normally in a native run', () => {
  expect([...native.values()].flat().filter((line) => line.includes('ended with'))).toEqual([]);
  expect(native.size).toBeGreaterThan(50);
});

test.each(['direct', 'punch', 'relay'])(
  'guests print the same over %s as natively',
  async (transport) => {
    const server = servers.get(transport);
    if (!server) throw new Error(`no server for ${transport}`);
    const printed = await run(transport, await sideOf(server), await sideOf(client), '198.18.77.77');
    const names = [...printed.keys()];
    expect(names.length).toBeGreaterThan(45);
    expect(Object.fromEntries(printed)).toEqual(
      Object.fromEntries(names.map((name) => [name, native.get(name)?.map(expectedLine(transport))])),
    );
  },
  600_000,
);
