import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { type Bed, createBed, type Host } from '../../../test/network/lib/bed.ts';
import { startNative, startOverlay } from '../../../test/network/lib/overlay.ts';
import { compiled } from '../../../test/network/lib/programs.ts';
import type { Shell } from '../../../test/network/lib/shell.ts';

/**
 * A container's host is on the internet. A function's host is behind a `silent` gateway, which keeps ports.
 */
export const KINDS = ['container', 'function'] as const;
export type Kind = (typeof KINDS)[number];

export const SIDES = ['native', 'boxer'] as const;
export type Side = (typeof SIDES)[number];

/**
 * The client and the server each run on a fixed CPU. Otherwise it would be chance whether the two share a
 * CPU, on which the time of a round trip depends.
 */
const onCpu = (cpu: number) => (availableParallelism() > 1 ? ['taskset', '--cpu-list', String(cpu)] : []);
export const CLIENT_CPU: readonly string[] = onCpu(0);
const SERVER_CPU: readonly string[] = onCpu(1);

/** A host with both sides in the same network namespace. */
interface Corner {
  readonly native: Shell;
  readonly boxer: Shell;
  /** The host name or address by which a client of each side reaches it. */
  readonly called: Readonly<Record<Side, string>>;
}

export const PROBE_PORT: Readonly<Record<Side, string>> = { native: '7100', boxer: '7200' };
export const IPERF_PORT: Readonly<Record<Side, string>> = { native: '5301', boxer: '5201' };

/** Clients and running servers of both kinds, with `rtt` ms added between any two. */
export interface Stage {
  readonly probe: string;
  client(kind: Kind, side: Side): Shell;
  /** The host name or address by which that side's client reaches a server. */
  server(kind: Kind, side: Side): string;
  /** The CPU time in seconds that the supervisors of this pair and the seed have used so far. */
  cpu(from: Kind, to: Kind): number;
  remove(): Promise<void>;
}

export async function createStage(rtt: number): Promise<Stage> {
  // A link only delays outgoing frames: each of the two links adds half of the round-trip time.
  const bed = await createBed(rtt > 0 ? { delay: rtt / 2 } : {});
  try {
    return await furnish(bed);
  } catch (error) {
    await bed.remove();
    throw error;
  }
}

async function furnish(bed: Bed): Promise<Stage> {
  const probe = `/opt/testbed/compiled/${basename(await compiled('probe'))}`;
  const overlay = await startOverlay(bed);
  const clients = new Map<Kind, Corner>();
  const servers = new Map<Kind, Corner>();

  async function corner(name: string, host: Host): Promise<Corner> {
    const boxer = await overlay.node(name, host);
    const native = await startNative(bed, host, name);
    return { boxer, native, called: { native: host.publicAddress, boxer: name } };
  }

  async function serve(at: Corner): Promise<void> {
    for (const side of SIDES) {
      at[side].start(...SERVER_CPU, probe, 'serve', PROBE_PORT[side]);
      at[side].start(...SERVER_CPU, 'iperf3', '--server', '--port', IPERF_PORT[side]);
      await at[side].listening(Number(PROBE_PORT[side]));
      await at[side].listening(Number(IPERF_PORT[side]));
    }
  }

  // A native server behind a gateway can only be reached through forwarded ports.
  const inside = '192.168.7.2';
  const forwarded = { [PROBE_PORT.native]: inside, [IPERF_PORT.native]: inside };
  clients.set('container', await corner('client-container', await bed.host()));
  clients.set('function', await corner('client-function', await (await bed.site('silent')).host()));
  servers.set('container', await corner('server-container', await bed.host()));
  servers.set(
    'function',
    await corner('server-function', await (await bed.site('silent', { forwarded })).host()),
  );
  for (const at of servers.values()) await serve(at);
  const ports = [Number(PROBE_PORT.boxer), Number(IPERF_PORT.boxer)];
  await overlay.until((nodes) =>
    KINDS.every((kind) => ports.every((port) => nodes.get(`server-${kind}`)?.ports.includes(port))),
  );

  const of = (corners: ReadonlyMap<Kind, Corner>, kind: Kind): Corner => {
    const found = corners.get(kind);
    if (!found) throw new Error(`no ${kind}`);
    return found;
  };
  return {
    probe,
    client: (kind, side) => of(clients, kind)[side],
    server: (kind, side) => of(servers, kind).called[side],
    cpu: (from, to) =>
      cpuSeconds(of(clients, from).boxer.pid) +
      cpuSeconds(of(servers, to).boxer.pid) +
      cpuSeconds(overlay.seed.pid),
    remove: bed.remove,
  };
}

/** The user and system time of all threads in seconds. The kernel counts it in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
