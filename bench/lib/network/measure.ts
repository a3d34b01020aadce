import * as z from 'zod/mini';
import type { Ended } from '../../../test/network/lib/shell.ts';
import {
  CLIENT_CPU,
  IPERF_PORT,
  KINDS,
  type Kind,
  PROBE_PORT,
  SIDES,
  type Side,
  type Stage,
} from './stage.ts';

export interface Pair {
  readonly from: Kind;
  readonly to: Kind;
}

export const PAIRS: readonly Pair[] = KINDS.flatMap((from) => KINDS.map((to) => ({ from, to })));
export const nameOf = ({ from, to }: Pair) => `${from} → ${to}`;

/** The results of one pair with `rtt` ms added. Times are in microseconds, and rates in bit/s. */
export interface Measured {
  readonly pair: string;
  readonly rtt: number;
  readonly firstByte: Record<Side, number[]>;
  readonly roundTrip: Record<Side, number[]>;
  readonly oneStream: Record<Side, number[]>;
  readonly eightStreams: Record<Side, number[]>;
  /** The time to the first byte of the very first connection between the two nodes. */
  meeting: number;
  /** The CPU time in seconds of both supervisors and the seed during `firstByte.boxer`. */
  cpu: number;
}

export interface Amounts {
  /** The number of connections of each side, which are opened in alternating chunks. */
  readonly connections: number;
  /** The number of connections with 128 round trips each. */
  readonly pingPongs: number;
  /** The number of runs of iperf3, which take a second each. */
  readonly runs: number;
}

const iperfReport = z.object({
  error: z.optional(z.string()),
  end: z.object({ sum_received: z.optional(z.object({ bits_per_second: z.number() })) }),
});

const CHUNK = 64;
export const ROUNDS = 128;
const SIZE = 1024;

function checked(what: string, { code, stdout, stderr }: Ended): string {
  if (code !== 0) throw new Error(`${what}: exit code ${code}: ${stderr}${stdout.slice(-300)}`);
  return stdout;
}

async function probe(stage: Stage, { from, to }: Pair, side: Side, words: string[]): Promise<number[]> {
  const [verb = '', ...numbers] = words;
  const argv = [...CLIENT_CPU, stage.probe, verb, stage.server(to, side), PROBE_PORT[side], ...numbers];
  const printed = checked(argv.join(' '), await stage.client(from, side).exec(...argv));
  return printed
    .trim()
    .split('\n')
    .map((line) => Math.round(Number(line) / 100) / 10);
}

/**
 * An iperf3 server serves one client at a time, and listens anew after each client. Until then it is busy.
 */
const BUSY_TRIES = 40;
const BUSY_PAUSE_MS = 50;

async function iperf(stage: Stage, { from, to }: Pair, side: Side, streams: number): Promise<number> {
  const target = ['-c', stage.server(to, side), '-p', IPERF_PORT[side]];
  const argv = [...CLIENT_CPU, 'iperf3', ...target, '-P', String(streams), '-t', '1', '--json'];
  for (let attempt = 1; ; attempt += 1) {
    const { stdout, stderr } = await stage.client(from, side).exec(...argv);
    const { end, error = stderr } = iperfReport.parse(JSON.parse(stdout));
    if (end.sum_received) return Math.round(end.sum_received.bits_per_second);
    if (!/busy|refused|reset/.test(error) || attempt === BUSY_TRIES)
      throw new Error(`${argv.join(' ')}: ${error}`);
    await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS));
  }
}

const empty = (): Record<Side, number[]> => ({ native: [], boxer: [] });

/** The side that goes first changes every time, so that other load on the machine affects both sides. */
const order = (turn: number) => (turn % 2 === 0 ? SIDES : [...SIDES].reverse());

/** Measures all pairs on `stage`, native and boxed alternately. `say` gets lines about the progress. */
export async function measure(
  stage: Stage,
  rtt: number,
  amounts: Amounts,
  say: (line: string) => void,
): Promise<Measured[]> {
  const results = PAIRS.map((pair) => ({
    pair,
    measured: {
      pair: nameOf(pair),
      rtt,
      firstByte: empty(),
      roundTrip: empty(),
      oneStream: empty(),
      eightStreams: empty(),
      meeting: 0,
      cpu: 0,
    } satisfies Measured,
  }));
  for (const { pair, measured } of results) {
    measured.meeting = (await probe(stage, pair, 'boxer', ['first-byte', '1']))[0] ?? 0;
    await probe(stage, pair, 'native', ['first-byte', '1']);
  }
  const chunks = Math.ceil(amounts.connections / CHUNK);
  for (let turn = 0; turn < chunks; turn += 1) {
    say(`${rtt} ms: time to first byte, ${turn * CHUNK} of ${amounts.connections} connections`);
    const count = String(Math.min(CHUNK, amounts.connections - turn * CHUNK));
    for (const { pair, measured } of results)
      for (const side of order(turn)) {
        const before = stage.cpu(pair.from, pair.to);
        measured.firstByte[side].push(...(await probe(stage, pair, side, ['first-byte', count])));
        if (side === 'boxer') measured.cpu += stage.cpu(pair.from, pair.to) - before;
      }
  }
  for (let turn = 0; turn < amounts.pingPongs; turn += 1) {
    say(`${rtt} ms: round trips, connection ${turn + 1} of ${amounts.pingPongs}`);
    const words = ['ping-pong', '1', String(ROUNDS), String(SIZE)];
    for (const { pair, measured } of results)
      for (const side of order(turn))
        measured.roundTrip[side].push(...(await probe(stage, pair, side, words)));
  }
  for (let turn = 0; turn < amounts.runs; turn += 1) {
    say(`${rtt} ms: throughput, run ${turn + 1} of ${amounts.runs}`);
    for (const { pair, measured } of results)
      for (const side of order(turn)) {
        measured.oneStream[side].push(await iperf(stage, pair, side, 1));
        measured.eightStreams[side].push(await iperf(stage, pair, side, 8));
      }
  }
  return results.map(({ measured }) => measured);
}
