/**
 * Compares the time and the CPU time of frequent calls under `docker boxer` and under `docker compose`,
 * alternately: `config` of samples/quickstart, `ps` of the running project, and `docker --help` of a user who
 * has the plugin and of one who has not. Requires script/bootstrap. Options: --runs N (20).
 */
import { parseArgs } from 'node:util';
import { measured, type Spent, withoutPlugin } from './lib/cli-calls.ts';
import { answeredBy, boxed, compose, plain, type Side, sample } from './lib/quickstart-project.ts';
import { report } from './lib/report.ts';
import { alternate, type Comparison, ratioByTurn } from './lib/samples.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { runs: { type: 'string', default: '20' } },
});
const RUNS = Number(values.runs);

type Call = () => Promise<Spent>;

/** Two series of time and two of CPU time, from the same calls. */
async function compare(
  title: string,
  aim: string,
  labels: readonly [string, string],
  calls: readonly [Call, Call],
): Promise<Comparison[]> {
  const cpu: [number[], number[]] = [[], []];
  const timed = async (side: 0 | 1) => {
    const spent = await calls[side]();
    cpu[side].push(spent.cpu);
    return spent.wall;
  };
  // The first call of each side fills caches.
  for (const call of calls) await call();
  const wall = await alternate(
    RUNS,
    () => timed(0),
    () => timed(1),
    (run, side, ms) =>
      process.stderr.write(`${title} ${run + 1}/${RUNS} ${labels[side]}: ${ms.toFixed(0)} ms\n`),
  );
  const series = ([a, b]: [number[], number[]]): Comparison['series'] => [
    { label: labels[0], samples: a },
    { label: labels[1], samples: b },
  ];
  const byTurn = ratioByTurn(wall[1], wall[0]).toFixed(2);
  process.stderr.write(`${title}: median of the ratios of all turns ${byTurn}\n`);
  return [
    { title, unit: 'ms', aim, series: series(wall) },
    { title: `${title}, CPU time`, unit: 'ms', series: series(cpu) },
  ];
}

const call =
  (side: Side, ...words: string[]): Call =>
  () =>
    measured(['docker', side.verb, '-p', side.project, ...words], sample, {
      QUICKSTART_PORT: String(side.port),
    });

const sides = [plain.label, boxed.label] as const;
const both = (title: string, aim: string, ...words: string[]) =>
  compare(title, aim, sides, [call(plain, ...words), call(boxed, ...words)]);

const bare = withoutPlugin();
try {
  const help = ['docker', '--help'];
  const comparisons = await compare(
    'docker --help',
    'difference 15 ms or less',
    ['without the plugin', 'with the plugin'],
    [
      () => measured(help, sample, { DOCKER_CONFIG: bare.without }),
      () => measured(help, sample, { DOCKER_CONFIG: bare.with }),
    ],
  );
  for (const side of [plain, boxed]) {
    await compose(side, 'up', '-d');
    await answeredBy(side, 1);
  }
  comparisons.push(
    ...(await both('config', 'ratio 1.6 or less', 'config')),
    ...(await both('ps', 'ratio 2 or less', 'ps')),
  );
  report('cli', 'Frequent calls: docker boxer and docker compose', comparisons, []);
} finally {
  bare.remove();
  for (const side of [plain, boxed]) await compose(side, 'down', '-t', '1').catch(() => undefined);
}
