import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { codeOf } from '../control/control-error.ts';
import type { Endpoint } from '../control/endpoint.ts';
import { dialUnread } from '../network/dial.ts';
import type { LocalPorts } from '../network/punch/local-ports.ts';
import { observe } from '../network/punch/observe.ts';
import { openTogether } from '../network/punch/open-together.ts';
import { Probe } from '../protocol/probe.ts';
import type { Mapping, Network, Times } from '../published/probe.ts';
import type { SeedSide } from './seed-side.ts';
import { measureUpload } from './throughput.ts';
import { timesOf } from './times.ts';

/** The number of local ports whose translation by the NAT is measured. */
const MAPPINGS = 8;
const ROUND_TRIPS = 20;
const CONNECTS = 5;
const PATIENCE = 2000;
/** How long two sockets of this function may take to connect through the function's public address, ms. */
const HAIRPIN_PATIENCE = 1000;
const UPLOAD_PATIENCE = 30_000;

/**
 * Measures the network between this function and the seed. Rejects when the seed's observers cannot be
 * reached.
 */
export async function measureNetwork(
  seed: SeedSide,
  ports: LocalPorts,
  bytes: number,
  signal: AbortSignal,
): Promise<Network> {
  const { session, observers, seen } = seed;
  const isDirect =
    session.local.address === seen.observed.address && session.local.port === seen.observed.port;
  const roundTrip = await timed(ROUND_TRIPS, () => session.request(Probe, {}, { signal }));
  const to = { address: session.remote.address, port: session.remote.port };
  const connect = await timed(CONNECTS, async () => {
    (await dialUnread({ host: to.address, port: to.port }, within(signal, PATIENCE))).destroy();
  });
  const mappings: Mapping[] = [];
  for (let count = 0; count < MAPPINGS; count += 1)
    mappings.push(await mappingOf(observers, ports.next(), within(signal, PATIENCE)));
  const kept = mappings.filter(
    ({ local, seen: all }) => all.length > 0 && all.every((port) => port === local),
  );
  const nat = isDirect ? 'none' : kindOf(mappings);
  const [observer] = observers;
  if (!observer) throw new Error('the seed has no observers');
  const limit = within(signal, UPLOAD_PATIENCE);
  const upload = await measureUpload((await observe(observer, ports.next(), limit)).socket, bytes, limit);
  return {
    localAddress: session.local.address,
    ...seen,
    nat,
    mappings,
    portsKept: kept.length / mappings.length,
    hairpin: await hairpin(nat, seen.observed.address, ports, within(signal, HAIRPIN_PATIENCE)),
    seed: { connect, roundTrip, upload },
  };
}

const within = (signal: AbortSignal, ms: number) => AbortSignal.any([signal, AbortSignal.timeout(ms)]);

async function timed(count: number, work: () => Promise<unknown>): Promise<Times> {
  const measured: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const started = performance.now();
    await work();
    measured.push(performance.now() - started);
  }
  return timesOf(measured);
}

/** Asks both observers at the same time as which port they see one local port. */
async function mappingOf(
  observers: readonly Endpoint[],
  local: number,
  signal: AbortSignal,
): Promise<Mapping> {
  const seen = await Promise.allSettled(observers.map((observer) => observe(observer, local, signal)));
  const found = seen.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  for (const { socket } of found) socket.resetAndDestroy();
  return { local, seen: found.map(({ seen: { port } }) => port) };
}

/**
 * Returns the kind of NAT by the majority of mappings: at a NAT that several hosts share, one port may be in
 * use.
 */
export function kindOf(mappings: readonly Mapping[]): Network['nat'] {
  const kinds = mappings.flatMap(({ local, seen }) => {
    const [first, second] = seen;
    if (first === undefined || second === undefined) return [];
    if (first !== second) return ['symmetric' as const];
    return [first === local ? ('preserving' as const) : ('mapped' as const)];
  });
  const count = (kind: string) => kinds.filter((one) => one === kind).length;
  const most = [...new Set(kinds)].sort((a, b) => count(b) - count(a))[0];
  return most ?? 'unknown';
}

/**
 * Connects two sockets of this function to each other's public endpoint. Resolves to `ok`, the errno, or the
 * reason why the attempt was not made.
 */
async function hairpin(
  nat: Network['nat'],
  address: string,
  ports: LocalPorts,
  signal: AbortSignal,
): Promise<string> {
  if (nat === 'none') return 'no NAT';
  if (nat !== 'preserving') return 'not tried: the public ports are not known beforehand';
  const [first, second] = [ports.next(), ports.next()];
  const open = (to: number, from: number) =>
    openTogether(() => dialUnread({ host: address, port: to, localPort: from }, signal), signal);
  const results = await Promise.allSettled([open(second, first), open(first, second)]);
  for (const result of results) if (result.status === 'fulfilled') result.value.destroy();
  const failed = results.find((result) => result.status === 'rejected');
  return failed === undefined ? 'ok' : failureName(failed.reason);
}

/** Returns the errno of a failed connection; ETIMEDOUT if it took too long. */
export const failureName = (error: unknown): string =>
  error instanceof Error && error.name === 'TimeoutError' ? 'ETIMEDOUT' : codeOf(error) || String(error);

/** Listens for one connection on any port of all addresses. `accepted` rejects when `signal` aborts. */
export async function listenHere(
  signal: AbortSignal,
): Promise<{ port: number; accepted: Promise<Socket>; close(): void }> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening', { signal });
  const address = server.address();
  const accepted = once(server, 'connection', { signal }).then(([socket]: Socket[]) => {
    if (!socket) throw new Error('no connection');
    return socket;
  });
  accepted.catch(() => undefined);
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    accepted,
    close: () => server.close(),
  };
}
