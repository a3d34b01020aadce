/**
 * Compares the relay's data path with haproxy in TCP mode, alternately, on loopback: throughput, latency and
 * connections per second. Requires haproxy, iperf3 and python3. A run takes about 15 s. Options: --runs N
 * (10), --seconds N (3).
 */
import { parseArgs } from 'node:util';
import {
  connectionRate,
  haproxy,
  relay,
  requirePrograms,
  roundTrips,
  type Side,
  startSides,
  throughput,
} from './lib/relay/sides.ts';
import { report } from './lib/report.ts';
import { alternate, type Comparison, quantile } from './lib/samples.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { runs: { type: 'string', default: '10' }, seconds: { type: 'string', default: '3' } },
});
const RUNS = Number(values.runs);
const SECONDS = Number(values.seconds);
const SIDES = [haproxy, relay] as const;
const ROUND_TRIPS = 10_000;
const SIZE = 1024;
const CONNECTIONS = 2000;
const WORKERS = 8;

async function compare(
  title: string,
  unit: string,
  aim: string,
  sample: (side: Side) => Promise<number>,
): Promise<Comparison> {
  const [a, b] = await alternate(
    RUNS,
    () => sample(haproxy),
    () => sample(relay),
    (run, side, value) =>
      process.stderr.write(`${title} ${run + 1}/${RUNS} ${SIDES[side].label}: ${value.toFixed(0)} ${unit}\n`),
  );
  return {
    title,
    unit,
    aim,
    series: [
      { label: haproxy.label, samples: a },
      { label: relay.label, samples: b },
    ],
  };
}

/** Measures round trips once, and takes both quantiles from the same samples. */
async function latencies(): Promise<Comparison[]> {
  const tails = new Map<Side, number[]>(SIDES.map((side) => [side, []]));
  const middle = await compare(`round trip of ${SIZE} bytes, p50`, 'us', 'ratio 1 or less', async (side) => {
    const samples = await roundTrips(side, ROUND_TRIPS, SIZE);
    tails.get(side)?.push(quantile(samples, 0.99));
    return quantile(samples, 0.5);
  });
  const tail = (side: Side) => ({ label: side.label, samples: tails.get(side) ?? [] });
  return [
    middle,
    { title: 'the same, p99', unit: 'us', aim: 'ratio 1 or less', series: [tail(haproxy), tail(relay)] },
  ];
}

requirePrograms();
const stop = await startSides();
try {
  const more = 'ratio 1 or more';
  const comparisons = [
    await compare('one stream', 'Mbit/s', more, (side) => throughput(side, 1, SECONDS)),
    await compare('eight streams', 'Mbit/s', more, (side) => throughput(side, 8, SECONDS)),
    ...(await latencies()),
    await compare('connections, eight at once', '/s', more, (side) =>
      connectionRate(side, CONNECTIONS, WORKERS),
    ),
  ];
  report('relay', 'The relay’s data path and haproxy in TCP mode', comparisons, []);
} finally {
  await stop();
}
