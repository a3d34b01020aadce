import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type Fleet, startFleet } from './fleet.ts';
import type { Order, Report, Usage } from './orders.ts';
import type { StorePlace } from './store-place.ts';

/**
 * The results of a run with `nodes` nodes. Times are in ms, CPU times in microseconds, and sizes in bytes.
 */
export interface Run {
  readonly nodes: number;
  /** The time within which the nodes begin to join; 0: as fast as possible. */
  readonly spread: number;
  /** The time from the first dial to the last answer. */
  readonly joining: number;
  readonly joinTook: readonly number[];
  /** For each node, the time from the last join's answer until the node knew all others. */
  readonly lastSeen: readonly number[];
  readonly joinCpu: number;
  /** The machine's load average over the last minute, at the end of the run. */
  readonly load: number;
  /** The seed's memory, divided by the number of nodes. */
  readonly memoryPerNode: number;
  readonly heapPerNode: number;
  /** The share of one core that the seed uses while there are only heartbeats. */
  readonly idleCore: number;
  readonly introductions: readonly number[];
  /**
   * For each node that joins on its own, the time from the join's answer until a real node's table had it.
   */
  readonly inTable: readonly number[];
}

export interface RunOptions {
  readonly nodes: number;
  readonly spread: number;
  readonly introductions: number;
  /** The number of nodes that join one by one. */
  readonly arrivals: number;
  readonly idle: number;
  readonly store: StorePlace;
}

/** The number of processes for nodes. More would compete for the same two cores. */
const PROCESSES = 2;
const AT_ONCE = 32;

const hundredths = (ms: number) => Math.round(ms * 100) / 100;

/** The CPU time of the seed between two reports of its usage, in microseconds. */
const cpuBetween = ({ cpuAfter }: Usage, { cpu }: Usage) =>
  cpu.user + cpu.system - cpuAfter.user - cpuAfter.system;

function pick<K extends Report['kind']>(kind: K, reports: readonly Report[]): Extract<Report, { kind: K }>[] {
  return reports.filter((report): report is Extract<Report, { kind: K }> => report.kind === kind);
}

export async function measure(options: RunOptions): Promise<Run> {
  const { nodes, spread, introductions, arrivals, idle, store } = options;
  const fleet = await startFleet(PROCESSES, store);
  const share = (process: number) => Math.floor((nodes + process) / PROCESSES);
  const join = (count: number, over: number): Order => ({
    kind: 'join',
    count,
    spread: over,
    atOnce: AT_ONCE / PROCESSES,
  });
  try {
    // A few nodes join before the measurement, because the seed loads and compiles code for the first of
    // them.
    const warm = 20;
    await fleet.all(() => join(warm / PROCESSES, 0));
    const before = await fleet.usage();
    const joined = await fleet.all((process) => join(share(process), spread));
    const known = await fleet.all(() => ({ kind: 'know', count: nodes + warm }));
    const answers = pick('joined', joined);
    const last = Math.max(...answers.map(({ to }) => to));
    const first = Math.min(...answers.map(({ from }) => from));
    const after = await fleet.usage();
    await delay(3000);
    const settled = await fleet.usage();
    const idleFrom = performance.now();
    await delay(idle);
    const idleTook = performance.now() - idleFrom;
    const rested = await fleet.usage();
    return {
      nodes,
      spread,
      joining: last - first,
      joinTook: answers.flatMap(({ took }) => took.map(hundredths)),
      lastSeen: pick('known', known).flatMap(({ at }) =>
        at.map((time) => hundredths(Math.max(0, time - last))),
      ),
      joinCpu: cpuBetween(before, after),
      load: loadavg()[0] ?? Number.NaN,
      memoryPerNode: (rested.rss - before.rss) / nodes,
      heapPerNode: (rested.heapUsed + rested.external - before.heapUsed - before.external) / nodes,
      idleCore: cpuBetween(settled, rested) / 1000 / idleTook,
      introductions: introductions > 0 ? await introduce(fleet, introductions) : [],
      inTable: arrivals > 0 ? await follow(fleet, arrivals) : [],
    };
  } finally {
    fleet.stop();
  }
}

async function follow(fleet: Fleet, count: number): Promise<number[]> {
  const table = await fleet.table();
  const arrived = await fleet.one(0, { kind: 'arrive', count, gap: 120 });
  const nodes = arrived.kind === 'arrived' ? arrived.nodes : [];
  const known = await table(nodes.map(({ id }) => id));
  const at = known.kind === 'known' ? known.at : [];
  return nodes.map((node, index) => hundredths(Math.max(0, (at[index] ?? Number.NaN) - node.at)));
}

async function introduce(fleet: Fleet, count: number): Promise<number[]> {
  const listening = await fleet.one(0, { kind: 'listen' });
  const address = listening.kind === 'listening' ? listening.address : '';
  const one = (some: number) => fleet.one(1, { kind: 'introduce', address, count: some, atOnce: 4 });
  await one(50);
  return pick('introduced', [await one(count)]).flatMap(({ took }) => took.map(hundredths));
}
