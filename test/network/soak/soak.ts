import { type Bed, createBed } from '../lib/bed.ts';
import { ECHO_PORT, startEcho } from '../lib/client.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from '../lib/overlay.ts';
import { broken } from '../lib/stream.ts';
import type { Transport } from '../lib/transports.ts';
import { type Check, type Checks, createChecks } from './checks.ts';
import { holdings, settled } from './resources.ts';
import { churn, churnProblems, during, stall, streamProblems } from './traffic.ts';

export interface SoakOptions {
  /** Of the full amounts; 1 is what stands in docs/network.md. */
  readonly scale: number;
  /** Aborts what takes longer: every check that is not done by then fails. */
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

/** Hosts of the soak are called by how they are reached. */
const TRANSPORTS: readonly Transport[] = ['direct', 'punch', 'relay'];
/** Reached by the relay, and not by those who stall it. */
const BYSTANDER = 'bystander';
const PLACE = { direct: 'open', punch: 'silent', relay: 'symmetric' } as const;

/**
 * What a connection may end with when its peer was killed: it was not there yet, not any more, or just going.
 */
const OF_A_DEAD_PEER: ReadonlySet<string> = new Set([
  'EHOSTUNREACH',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
]);
/** A relay whose flows hold too many bytes: of all nodes, or of this one. */
const OF_A_FULL_RELAY: ReadonlySet<string> = new Set(['ENOBUFS', 'EAGAIN']);
/**
 * How often the client's kernel repeats a SYN; its usual six times are two minutes for a host that does not
 * answer.
 */
const SYN_RETRIES = 3;
/** Seconds that it takes over that, and what a loaded machine adds. */
const LONGEST_ERROR = 30;
const SETTLE_MS = 15_000;

interface World {
  readonly bed: Bed;
  readonly overlay: TestOverlay;
  readonly client: BoxedNode;
  readonly servers: readonly BoxedNode[];
  /** Connects to the bystander. */
  readonly neighbour: BoxedNode;
}

async function createWorld(bed: Bed): Promise<World> {
  const overlay = await startOverlay(bed);
  const place = await (await bed.site('silent')).host();
  await place.namespace.run(`echo ${SYN_RETRIES} >/proc/sys/net/ipv4/tcp_syn_retries`);
  const client = await overlay.node('client', place);
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
  await back(overlay);
  return { bed, overlay, client, neighbour, servers: [...servers, bystander] };
}

/** All servers are there and listen. */
const back = (overlay: TestOverlay) =>
  overlay.until(
    (nodes) => [...TRANSPORTS, BYSTANDER].every((name) => nodes.get(name)?.ports.includes(ECHO_PORT)),
    30_000,
  );

/** Runs everything; resolves with the checks. What it made is gone then. */
export async function soak(options: SoakOptions): Promise<readonly Check[]> {
  const checks = createChecks(options.print, options.signal);
  await on({}, (world) => steady(world, checks, options.scale), options.signal);
  await on({ loss: 0.02 }, (world) => lossy(world, checks, options.scale), options.signal);
  return checks.all;
}

async function on(
  shape: Parameters<typeof createBed>[0],
  work: (world: World) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const bed = await createBed(shape);
  // What is still running ends with the bed.
  const stop = () => void bed.remove();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await work(await createWorld(bed));
  } finally {
    signal.removeEventListener('abort', stop);
    await bed.remove();
  }
}

/** What a full amount of something becomes in a soak of this scale. */
const scaled = (scale: number) => (full: number) => Math.max(4, Math.round(full * scale));

const churned = async (client: BoxedNode, host: string, count: number, parallel?: number) =>
  churnProblems(await churn(client, host, count, parallel), count);

async function steady(world: World, checks: Checks, scale: number): Promise<void> {
  const { overlay, client, neighbour, servers } = world;
  const amount = scaled(scale);
  const look = () => holdings(overlay, [client, neighbour, ...servers]);

  let before = look();
  const flat = (what: string) =>
    checks.run(`${what}: no descriptor is left, memory is flat`, () => settled(before, look, SETTLE_MS));
  const churnAll = async (round: string) => {
    for (const host of TRANSPORTS) {
      const count = amount(10_000);
      await checks.run(`${round}: ${count} connections opened and closed, ${host}`, () =>
        churned(client, host, count),
      );
    }
  };

  await churnAll('first');
  await checks.run('after these: no descriptor is left', async () =>
    (await settled(before, look, SETTLE_MS)).filter((leak) => leak.includes('descriptors')),
  );
  // Compiled code, filled pools, tables of bounded size and heaps that have grown once are no leak. What
  // grows again is.
  before = look();
  await churnAll('again');
  await flat('after these');
  await manyAtOnce(world, checks, scale);
  await flat('after these');
  for (const host of TRANSPORTS)
    await checks.run(`${amount(200)} readers that read nothing, ${host}: others are served`, () =>
      stallReaders(world, host, amount(200)),
    );
  await flat('after these');
  await killThings(world, checks, scale);
  await flat('at the end');
}

async function manyAtOnce({ client }: World, checks: Checks, scale: number): Promise<void> {
  const count = scaled(scale)(1000);
  for (const host of TRANSPORTS)
    await checks.run(`${count} connections at once, ${host}`, async () => {
      const reports = await during(client, [host], count, () => Promise.resolve());
      return [...reports].flatMap(([name, report]) => streamProblems(name, report));
    });
}

/** The problems that others have while `count` readers of a host read nothing. */
async function stallReaders({ client, neighbour }: World, host: Transport, count: number): Promise<string[]> {
  const job = await stall(client, host, count);
  const problems = churnProblems(await churn(neighbour, BYSTANDER, count, 8), count);
  const { wrong, errors } = await churn(client, host, count, 8);
  job.kill();
  await job.ended;
  // A relay takes no more flows of nodes that have left it too many bytes, and says so.
  const wrongErrnos = Object.keys(errors).filter((errno) => host !== 'relay' || !OF_A_FULL_RELAY.has(errno));
  return [
    ...problems.map((problem) => `between others: ${problem}`),
    ...wrongErrnos.map((errno) => `between the same: ${errors[errno]} times ${errno}`),
    ...(wrong > 0 ? [`${wrong} bytes wrong`] : []),
  ];
}

async function killThings(world: World, checks: Checks, scale: number): Promise<void> {
  const amount = scaled(scale);
  await checks.run('peers killed while they are being met', () => killPeers(world, Math.max(2, amount(10))));
  await checks.run('seed killed and started again: direct and punched streams do not notice', () =>
    killSeed(world, amount(200)),
  );
  await checks.run('after it every transport works again', async () =>
    (await Promise.all(TRANSPORTS.map((host) => churned(world.client, host, amount(500))))).flat(),
  );
  await checks.run('relay killed and started again: what it carried ends, what comes goes elsewhere', () =>
    killRelay(world, amount(200)),
  );
}

async function killSeed({ overlay, client }: World, count: number): Promise<string[]> {
  const survivors = ['direct', 'punch'];
  const reports = await during(client, [...survivors, 'relay'], 8, async () => {
    await overlay.stopSeed();
    for (const host of survivors) {
      const problems = await churned(client, host, count, 8);
      if (problems.length > 0) throw new Error(`while the seed was away, ${host}: ${problems.join(', ')}`);
    }
    await overlay.startSeed();
    await back(overlay);
  });
  const relayed = reports.get('relay');
  // The seed carried them itself: they end, by a reset, and with nothing altered.
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

/** Each of `count` nodes is killed while a client connects to it, each at another moment. */
async function killPeers({ bed, overlay, client }: World, count: number): Promise<string[]> {
  const moments = Array.from({ length: count }, (_, at) => 40 + 20 * at);
  return (await Promise.all(moments.map((moment) => killPeer(bed, overlay, client, moment)))).flat();
}

/** `moment`: ms after its client was started; from before the two have met until they have. */
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
  // By address: the name is gone with the node, and how connections end is asked for here.
  const { address = '' } = (await overlay.nodes()).find(({ service }) => service === name) ?? {};
  const churning = churn(client, address, 64, 8);
  await new Promise((resolve) => setTimeout(resolve, moment));
  await victim.kill();
  const { wrong, errors, slowest } = await churning;
  const problems = Object.entries(errors)
    .filter(([errno]) => !OF_A_DEAD_PEER.has(errno))
    .map(([errno, times]) => `killed after ${moment} ms: ${times} times ${errno}`);
  if (wrong > 0) problems.push(`killed after ${moment} ms: ${wrong} bytes wrong`);
  if (slowest > LONGEST_ERROR)
    problems.push(`killed after ${moment} ms: it took ${slowest.toFixed(0)} s until a connection failed`);
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
      // By then the seed knows: the relay's connection has closed.
      const { good } = await churn(client, 'relay', count, 8);
      if (good === 0) problems.push(`round ${round}: nothing goes by the seed's own relay`);
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

async function lossy({ client }: World, checks: Checks, scale: number): Promise<void> {
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
