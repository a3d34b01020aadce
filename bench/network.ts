/**
 * Compares connections between containers and functions in the test bed, through Boxer and natively,
 * alternately: the time to the first byte, round trips and throughput. Requires root and script/bootstrap
 * --with-tests.
 *
 * Options: --connections N (1024); --ping-pongs N (8), connections with 128 round trips each; --runs N (5),
 * runs of iperf3; --rtt MS,MS,... (0,1,20); --name NAME (network), the name of the files in bench/results.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cdfPlot, type Panel } from './lib/cdf-plot.ts';
import { tableOf, verdictsOf } from './lib/network/aims.ts';
import { type Amounts, type Measured, measure } from './lib/network/measure.ts';
import { createStage, SIDES } from './lib/network/stage.ts';
import { machine } from './lib/report.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    connections: { type: 'string', default: '1024' },
    'ping-pongs': { type: 'string', default: '8' },
    runs: { type: 'string', default: '5' },
    rtt: { type: 'string', default: '0,1,20' },
    name: { type: 'string', default: 'network' },
  },
});
const amounts: Amounts = {
  connections: Number(values.connections),
  pingPongs: Number(values['ping-pongs']),
  runs: Number(values.runs),
};
const RTTS = values.rtt.split(',').map(Number);
const numbers = [amounts.connections, amounts.pingPongs, amounts.runs, ...RTTS];
if (!numbers.every((number) => number >= 0)) {
  process.stderr.write('bench network: its options are numbers, see bench/network.ts\n');
  process.exit(2);
}

const say = (line: string) => process.stderr.write(`${line}\n`);

async function measureAt(rtt: number): Promise<Measured[]> {
  const stage = await createStage(rtt);
  // Ctrl-C also removes everything that the bed has made.
  const stop = () => void stage.remove().then(() => process.exit(130));
  process.once('SIGINT', stop);
  try {
    return await measure(stage, rtt, amounts, say);
  } finally {
    process.removeListener('SIGINT', stop);
    await stage.remove();
  }
}

function panelsOf(all: readonly Measured[], rtt: number, what: 'firstByte' | 'roundTrip'): Panel[] {
  return all
    .filter((measured) => measured.rtt === rtt)
    .map((measured) => ({
      title: `${measured.pair}, ${rtt === 0 ? 'no' : `${rtt} ms`} added RTT`,
      unit: what === 'firstByte' ? 'µs to first byte' : 'µs round trip',
      series: SIDES.map((side) => ({ label: side, samples: measured[what][side] })),
    }));
}

const all: Measured[] = [];
for (const rtt of RTTS) all.push(...(await measureAt(rtt)));

const verdicts = verdictsOf(all);
const results = new URL('results/', import.meta.url);
mkdirSync(results, { recursive: true });
const kept = {
  name: values.name,
  date: new Date().toISOString(),
  machine: machine(),
  verdicts,
  measured: all,
};
// Each list of samples is on one line.
const json = JSON.stringify(kept, null, 1).replace(
  /\[\s+([-\d.,\s]+?)\s+\]/g,
  (_, list: string) => `[${list.replace(/\s+/g, '')}]`,
);
writeFileSync(new URL(`${values.name}.json`, results), `${json}\n`);
const rows = RTTS.flatMap((rtt) => [panelsOf(all, rtt, 'firstByte'), panelsOf(all, rtt, 'roundTrip')]);
writeFileSync(
  new URL(`${values.name}.svg`, results),
  cdfPlot('Connections through Boxer and natively', rows),
);
process.stdout.write(tableOf(verdicts));
