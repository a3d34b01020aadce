import { type Bed, createBed } from '../lib/bed.ts';
import { ECHO_PORT, startEcho } from '../lib/client.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from '../lib/overlay.ts';
import { broken } from '../lib/stream.ts';
import type { Transport } from '../lib/transports.ts';
import { type Check, type Checks, createChecks } from './checks.ts';
import { holdings, remainingLeaks } from './resources.ts';
import { churn, churnProblems, during, stall, streamProblems } from './traffic.ts';

export interface SoakOptions {
  /** The factor of all amounts. With 1 these are as docs/network.md says. */
  readonly scale: number;
  /** Ends the soak when it aborts: every check that is not done by then fails. */
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

/** The servers of the soak have the name of the transport by which the client reaches them. */
const TRANSPORTS: readonly Transport[] = ['direct', 'punch', 'relay'];
/** A server that is reached through the relay, and to which no stalled connection goes. */
const BYSTANDER = 'bystander';
const PLACE = { direct: 'open', punch: 'silent', relay: 'symmetric' } as const;

/** The errnos with which a connection may fail when its peer is killed before, during or after connect(). */
const ERRNOS_OF_DEAD_PEER: ReadonlySet<string> = new Set([
  'EHOSTUNREACH',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
]);
/** The errnos of a relay whose flows hold too many bytes, of all nodes or of this node. */
const ERRNOS_OF_FULL_RELAY: ReadonlySet<string> = new Set(['ENOBUFS', 'EAGAIN']);
/**
 * How often the client's kernel repeats a SYN. With its default of six times, a connection to a silent host
 * would take two minutes to fail.
 */
const SYN_RETRIES = 3;
/** A connection must fail within so many seconds: the repeated SYNs, and more on a busy machine. */
const LONGEST_ERROR_SECONDS = 30;
const SETTLE_MS = 15_000;

interface World {
  readonly bed: Bed;
  readonly overlay: TestOverlay;
  readonly client: BoxedNode;
  readonly servers: readonly BoxedNode[];
  /** The client of the bystander. */
  readonly neighbour: BoxedNode;
}

async function createWorld(bed: Bed): Promise<World> {
  const overlay = await startOverlay(bed);
  const clientHost = await (await bed.site('silent')).host();
  await clientHost.namespace.run(`echo ${SYN_RETRIES} >/proc/sys/net/ipv4/tcp_syn_retries`);
  const client = await overlay.node('client', clientHost);
  const servers: BoxedNode[] = [];
  for (const transport of TRANSPORTS) {
    const place = PLACE[transport];
    const host = place === 'open' ? await bed.host() : await (await bed.site(place)).host();
    const server = await overlay.node(transport, host);
    await startEcho(server);
    servers.push(server);
  }
  const neighbour = await overlay.node('neighbour', await bed.host());
  const bystander = await overlay.node(BYSTANDER, await (await bed.site('symmetric')).host());
  await startEcho(bystander);
  await untilServersListen(overlay);
  return { bed, overlay, client, neighbour, servers: [...servers, bystander] };
}

/** Resolves when the overlay shows that every server listens. */
const untilServersListen = (overlay: TestOverlay) =>
  overlay.until(
    (nodes) => [...TRANSPORTS, BYSTANDER].every((name) => nodes.get(name)?.ports.includes(ECHO_PORT)),
    30_000,
  );

/** Runs the whole soak and removes everything that it made. Resolves to the checks. */
export async function soak(options: SoakOptions): Promise<readonly Check[]> {
  const checks = createChecks(options.print, options.signal);
  await inWorld({}, (world) => checkWithoutLoss(world, checks, options.scale), options.signal);
  await inWorld({ loss: 0.02 }, (world) => checkWithLoss(world, checks, options.scale), options.signal);
  return checks.all;
}

async function inWorld(
  shape: Parameters<typeof createBed>[0],
  work: (world: World) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const bed = await createBed(shape);
  // The removal of the bed ends everything that still runs in it.
  const stop = () => void bed.remove();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await work(await createWorld(bed));
  } finally {
    signal.removeEventListener('abort', stop);
    await bed.remove();
  }
}

/** Gives the function that turns a full amount into the amount of a soak of this scale. */
const scaled = (scale: number) => (full: number) => Math.max(4, Math.round(full * scale));

/** Runs a churn and resolves to its problems. */
const problemsOfChurn = async (client: BoxedNode, host: string, count: number, parallel?: number) =>
  churnProblems(await churn(client, host, count, parallel), count);

async function checkWithoutLoss(world: World, checks: Checks, scale: number): Promise<void> {
  const { overlay, client, neighbour, servers } = world;
  const amount = scaled(scale);
  const measure = () => holdings(overlay, [client, neighbour, ...servers]);

  let before = measure();
  const checkLeaks = (title: string) =>
    checks.run(`${title}: no descriptors leak, memory is flat`, () =>
      remainingLeaks(before, measure, SETTLE_MS),
    );
  const churnAll = async (round: string) => {
    for (const host of TRANSPORTS) {
      const count = amount(10_000);
      await checks.run(`${round}: ${count} connections opened and closed, ${host}`, () =>
        problemsOfChurn(client, host, count),
      );
    }
  };

  await churnAll('first round');
  await checks.run('after the first round: no descriptors leak', async () =>
    (await remainingLeaks(before, measure, SETTLE_MS)).filter((leak) => leak.includes('descriptors')),
  );
  // Compiled code, filled pools, bounded tables and heaps take memory once, which is no leak. Memory that
  // grows again in the second round is a leak.
  before = measure();
  await churnAll('second round');
  await checkLeaks('after the second round');
  await manyAtOnce(world, checks, scale);
  await checkLeaks('after the connections at once');
  for (const host of TRANSPORTS)
    await checks.run(`${amount(200)} clients that read nothing, ${host}: others are served`, () =>
      stallReaders(world, host, amount(200)),
    );
  await checkLeaks('after the stalled connections');
  await killThings(world, checks, scale);
  await checkLeaks('at the end');
}

async function manyAtOnce({ client }: World, checks: Checks, scale: number): Promise<void> {
  const count = scaled(scale)(1000);
  for (const host of TRANSPORTS)
    await checks.run(`${count} connections at once, ${host}`, async () => {
      const reports = await during(client, [host], count, () => Promise.resolve());
      return [...reports].flatMap(([name, report]) => streamProblems(name, report));
    });
}

/** Resolves to the problems of other connections while `count` clients of `host` read nothing. */
async function stallReaders({ client, neighbour }: World, host: Transport, count: number): Promise<string[]> {
  const job = await stall(client, host, count);
  const problems = churnProblems(await churn(neighbour, BYSTANDER, count, 8), count);
  const { wrong, errors } = await churn(client, host, count, 8);
  job.kill();
  await job.ended;
  // A relay that holds too many unread bytes of a node refuses further flows of that node.
  const wrongErrnos = Object.keys(errors).filter(
    (errno) => host !== 'relay' || !ERRNOS_OF_FULL_RELAY.has(errno),
  );
  return [
    ...problems.map((problem) => `between other nodes: ${problem}`),
    ...wrongErrnos.map((errno) => `between the same nodes: ${errors[errno]} times ${errno}`),
    ...(wrong > 0 ? [`${wrong} bytes wrong`] : []),
  ];
}

async function killThings(world: World, checks: Checks, scale: number): Promise<void> {
  const amount = scaled(scale);
  await checks.run('peers killed while a client meets them: connections fail with the right errnos', () =>
    killPeers(world, Math.max(2, amount(10))),
  );
  await checks.run('seed killed and started again: direct and punched streams continue', () =>
    killSeed(world, amount(200)),
  );
  await checks.run('after the restart of the seed: every transport works again', async () =>
    (await Promise.all(TRANSPORTS.map((host) => problemsOfChurn(world.client, host, amount(500))))).flat(),
  );
  await checks.run('relay killed and started again: new connections use the other relay', () =>
    killRelay(world, amount(200)),
  );
}

async function killSeed({ overlay, client }: World, count: number): Promise<string[]> {
  const survivors = ['direct', 'punch'];
  const reports = await during(client, [...survivors, 'relay'], 8, async () => {
    await overlay.stopSeed();
    for (const host of survivors) {
      const problems = await problemsOfChurn(client, host, count, 8);
      if (problems.length > 0) throw new Error(`while the seed was away, ${host}: ${problems.join(', ')}`);
    }
    await overlay.startSeed();
    await untilServersListen(overlay);
  });
  const relayed = reports.get('relay');
  // The seed itself relayed these streams. They must end with a reset, without any changed byte.
  const ended =
    relayed?.ends.every(
      ({ errno }) => errno !== null && ['ECONNRESET', 'EPIPE', 'ENODATA'].includes(errno),
    ) && relayed.wrong === 0;
  return [
    ...survivors.flatMap((host) =>
      streamProblems(host, reports.get(host) ?? { bytes: 0, wrong: 0, ends: [] }),
    ),
    ...(ended
      ? []
      : [
          `relayed streams ended with ${relayed ? broken(relayed).join() : 'nothing'}, ` +
            `${relayed?.wrong} bytes wrong`,
        ]),
  ];
}

/** Kills `count` nodes at different moments while the client connects to them. Resolves to the problems. */
async function killPeers({ bed, overlay, client }: World, count: number): Promise<string[]> {
  const moments = Array.from({ length: count }, (_, index) => 40 + 20 * index);
  return (await Promise.all(moments.map((moment) => killPeer(bed, overlay, client, moment)))).flat();
}

/**
 * Kills a node `moment` ms after its client was started. The moments reach from before the two nodes meet
 * until after that.
 */
async function killPeer(
  bed: Bed,
  overlay: TestOverlay,
  client: BoxedNode,
  moment: number,
): Promise<string[]> {
  const name = `victim-${moment}`;
  const victim = await overlay.node(name, await (await bed.site('silent')).host());
  await startEcho(victim);
  await overlay.until((nodes) => nodes.get(name)?.ports.includes(ECHO_PORT) ?? false);
  // The client uses the address, because the name does not resolve any more when the node has left.
  const { address = '' } = (await overlay.nodes()).find(({ service }) => service === name) ?? {};
  const churning = churn(client, address, 64, 8);
  await new Promise((resolve) => setTimeout(resolve, moment));
  await victim.kill();
  const { wrong, errors, slowest } = await churning;
  const problems = Object.entries(errors)
    .filter(([errno]) => !ERRNOS_OF_DEAD_PEER.has(errno))
    .map(([errno, times]) => `killed after ${moment} ms: ${times} times ${errno}`);
  if (wrong > 0) problems.push(`killed after ${moment} ms: ${wrong} bytes wrong`);
  if (slowest > LONGEST_ERROR_SECONDS)
    problems.push(`killed after ${moment} ms: a connection failed only after ${slowest.toFixed(0)} s`);
  await overlay.until((nodes) => !nodes.has(name));
  return problems;
}

async function killRelay({ bed, overlay, client }: World, count: number): Promise<string[]> {
  const relay = await overlay.relay(await bed.host());
  const problems: string[] = [];
  const report = await churn(client, 'relay', count, 8);
  problems.push(...churnProblems(report, count));
  for (const round of [1, 2]) {
    const reports = await during(client, ['relay', 'punch'], 8, async () => {
      await relay.kill();
      // The seed notices at once that the relay has gone, because its connection has closed.
      const { good } = await churn(client, 'relay', count, 8);
      if (good === 0) problems.push(`round ${round}: no connection succeeds through the seed's own relay`);
    });
    const relayed = reports.get('relay');
    if (relayed && relayed.wrong > 0) problems.push(`${relayed.wrong} bytes wrong in relayed streams`);
    problems.push(...streamProblems('punch', reports.get('punch') ?? { bytes: 0, wrong: 0, ends: [] }));
    await relay.start();
    problems.push(...churnProblems(await churn(client, 'relay', count, 8), count));
  }
  await relay.kill();
  return problems;
}

async function checkWithLoss({ client }: World, checks: Checks, scale: number): Promise<void> {
  const count = Math.max(8, Math.round(1000 * scale));
  for (const host of TRANSPORTS)
    await checks.run(`2% loss: ${count} connections and 16 streams, ${host}`, async () => {
      const problems: string[] = [];
      const reports = await during(client, [host], 16, async () => {
        problems.push(...churnProblems(await churn(client, host, count, 64), count));
      });
      return [...problems, ...[...reports].flatMap(([name, report]) => streamProblems(name, report))];
    });
}
