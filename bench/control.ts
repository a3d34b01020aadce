/**
 * Measures one real seed with simulated nodes on loopback. The nodes use real TLS and real frames, and many
 * of them share a process. Measured are how fast nodes join, how long it takes until every node knows all
 * others, the memory and CPU time of the seed, how long introductions take, and how all this grows with the
 * number of nodes. Takes about four minutes on two cores.
 *
 * Options: --sizes 100,1000,5000; --runs N (3), the repetitions of the paced run; --idle SECONDS (20), the
 * time without joins; --store file, or nats (which starts a server), or HOST:PORT,... of running servers.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { growthPlot } from './lib/control/growth-plot.ts';
import { measure, type Run, type RunOptions } from './lib/control/measure.ts';
import { withStore } from './lib/control/store-place.ts';
import { machine } from './lib/report.ts';
import { quantile } from './lib/samples.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    sizes: { type: 'string', default: '100,1000,5000' },
    runs: { type: 'string', default: '3' },
    idle: { type: 'string', default: '20' },
    store: { type: 'string', default: 'file' },
  },
});
const sizes = values.sizes.split(',').map(Number);
const idle = Number(values.idle) * 1000;
const PACED = { nodes: 1000, spread: 2000 };
const INTRODUCTIONS = 2000;
const ARRIVALS = 100;

const p = (samples: readonly number[], q: number) => quantile(samples, q).toFixed(1).padStart(8);

function show(run: Run): void {
  const { nodes, spread, joining, lastSeen, joinTook, joinCpu, memoryPerNode, idleCore, load } = run;
  const { introductions, inTable } = run;
  const pace = spread > 0 ? `within ${spread} ms` : 'as fast as they can';
  process.stdout.write(
    [
      `${nodes} nodes, joining ${pace}; load of the machine ${load.toFixed(1)}`,
      `  all joined within        ${joining.toFixed(0).padStart(8)} ms`,
      `  joins                    ${((nodes / joining) * 1000).toFixed(0).padStart(8)} a second`,
      `  one join             p50 ${p(joinTook, 0.5)}   p99 ${p(joinTook, 0.99)} ms`,
      `  last seen by all     p50 ${p(lastSeen, 0.5)}   p99 ${p(lastSeen, 0.99)} ms`,
      `  CPU of the seed          ${(joinCpu / nodes).toFixed(0).padStart(8)} us a join`,
      `  memory of the seed       ${(memoryPerNode / 1024).toFixed(1).padStart(8)} KB a node`,
      `  heartbeats               ${(idleCore * 100).toFixed(1).padStart(8)} % of a core`,
      ...(introductions.length > 0
        ? [`  introduction         p50 ${p(introductions, 0.5)}   p99 ${p(introductions, 0.99)} ms`]
        : []),
      ...(inTable.length > 0
        ? [`  in a node's table    p50 ${p(inTable, 0.5)}   p99 ${p(inTable, 0.99)} ms`]
        : []),
      '',
    ].join('\n'),
  );
}

const name = values.store === 'file' ? 'control' : 'control-nats';
const directory = new URL('./results/', import.meta.url);
const aims = {
  lastSeen: 'p99 below 1 s where 1,000 join within 2 s',
  inTable: '100 ms',
  memory: '32 KB a node or less',
  idle: 'a quarter of a core at 5,000 nodes',
};
const heading =
  `One seed and its nodes, store: ${values.store === 'file' ? 'SQLite' : 'NATS'}, on ` +
  `loopback, ${cpus().length} cores`;
const runs: Run[] = [];

/**
 * Saves all results so far. Called after each run, so that a run that fails does not lose those before it.
 */
function keep(): void {
  const kept = { name, date: new Date().toISOString(), machine: machine(), aims, runs };
  writeFileSync(new URL(`${name}.json`, directory), `${JSON.stringify(kept)}\n`);
  writeFileSync(new URL(`${name}.svg`, directory), growthPlot(heading, runs));
}

const run = async (options: Omit<RunOptions, 'idle' | 'store'>) => {
  const result = await withStore(values.store, (store) => measure({ ...options, idle, store }));
  runs.push(result);
  show(result);
  keep();
};
for (const nodes of sizes) {
  const some = nodes === PACED.nodes;
  await run({ nodes, spread: 0, introductions: some ? INTRODUCTIONS : 0, arrivals: some ? ARRIVALS : 0 });
}
for (let count = 0; count < Number(values.runs); count++)
  await run({ ...PACED, introductions: 0, arrivals: 0 });
