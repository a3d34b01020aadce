/**
 * Compares `scale api=5` of samples/quickstart under `docker boxer` and under `docker compose`, alternately:
 * the time to the fifth replica's first answer, the CPU time by process, and the phases of a boxed start.
 * Requires script/bootstrap. Options: --runs N (5).
 */
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { type Accounts, readAccounts, spent } from './lib/cpu-accounts.ts';
import { answeredBy, boxed, compose, plain, type Side } from './lib/quickstart-project.ts';
import { type Figure, report } from './lib/report.ts';
import { alternate, median, timed } from './lib/samples.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { runs: { type: 'string', default: '5' } },
});
const RUNS = Number(values.runs);
const REPLICAS = 5;
const SIDES = [plain, boxed] as const;

/** By side, a set of accounts for each run. */
const accounts: readonly [Accounts[], Accounts[]] = [[], []];
/** Phase of a boxed start -> durations of all replicas of all runs, ms. */
const phases = new Map<string, number[]>();

const logTimes = (log: string, words: RegExp): number[] =>
  log
    .split('\n')
    .filter((line) => words.test(line))
    .map((line) => Date.parse(line.split(' ', 1)[0] ?? ''));

/** Notes how long each phase of the replicas took that have been started since `since`. */
async function notePhases(since: number, end: number): Promise<void> {
  const named = ['--filter', `label=com.docker.compose.project=${boxed.project}`];
  const ids = await execa('docker', ['ps', '-q', ...named, '--filter', 'label=io.boxer.target=lambda']);
  const format = '{{.Created}} {{.State.StartedAt}}';
  const inspected = await execa('docker', ['inspect', '--format', format, ...ids.stdout.split('\n')]);
  const times = inspected.stdout.split('\n').map((line) => line.split(' ').map((time) => Date.parse(time)));
  const started = times.filter(([created = 0]) => created >= since);
  const seed = `${boxed.project}-boxer-seed-1`;
  const { all: log } = await execa('docker', ['logs', '--timestamps', seed], { all: true });
  const joined = (role: string) =>
    logTimes(log, new RegExp(`\\(${role} of api\\) joined`)).filter((at) => at >= since);
  const note = (phase: string, ms: number) => phases.set(phase, [...(phases.get(phase) ?? []), ms]);
  const phantoms = joined('phantom').sort((a, b) => a - b);
  const functions = joined('function').sort((a, b) => a - b);
  started
    .sort(([, a = 0], [, b = 0]) => a - b)
    .forEach(([created = 0, at = 0], index) => {
      note('command to the container’s creation', created - since);
      note('creation to the start of the container', at - created);
      note('start of the container to the join of the phantom', (phantoms[index] ?? Number.NaN) - at);
      const launched = (functions[index] ?? Number.NaN) - (phantoms[index] ?? Number.NaN);
      note('join of the phantom to the join of the function', launched);
    });
  note('join of the last function to the last first answer', end - (functions.at(-1) ?? Number.NaN));
}

async function sample(index: 0 | 1): Promise<number> {
  const side: Side = SIDES[index];
  await compose(side, 'up', '-d');
  await answeredBy(side, 1);
  const before = await readAccounts(side.project);
  const since = Date.now();
  const ms = await timed(() =>
    Promise.all([compose(side, 'scale', `api=${REPLICAS}`), answeredBy(side, REPLICAS)]),
  );
  accounts[index].push(spent(before, await readAccounts(side.project)));
  if (side === boxed) await notePhases(since, since + ms);
  await compose(side, 'down', '-t', '1');
  return ms;
}

/** A row for each account, with the CPU seconds of both sides. */
function figures(): Figure[] {
  const names = [...new Set(accounts.flat().flatMap((one) => [...one.keys()]))];
  const of = (index: 0 | 1, name: string) => median(accounts[index].map((one) => one.get(name) ?? 0));
  const rows = names.flatMap((name) =>
    SIDES.map(({ label }, index) => ({
      title: `CPU, ${name}, ${label}`,
      value: of(index === 0 ? 0 : 1, name),
      unit: 's',
    })),
  );
  const starts = [...phases].map(([title, ms]) => ({ title, value: median(ms), unit: 'ms' }));
  return [...rows, ...starts];
}

try {
  // Each side runs once before the measurement, which builds images and the twin.
  for (const side of SIDES) {
    await compose(side, 'up', '-d');
    await answeredBy(side, 1);
    await compose(side, 'down', '-t', '1');
  }
  const [native, boxer] = await alternate(
    RUNS,
    () => sample(0),
    () => sample(1),
    (run, index, ms) =>
      process.stderr.write(`scale ${run + 1}/${RUNS} ${SIDES[index].label}: ${ms.toFixed(0)} ms\n`),
  );
  const cpu = (index: 0 | 1) => accounts[index].map((one) => (one.get('whole machine') ?? 0) * 1000);
  const series = (a: number[], b: number[]) =>
    [
      { label: plain.label, samples: a },
      { label: boxed.label, samples: b },
    ] as const;
  const title = `scale api=${REPLICAS}, to the fifth replica's first response`;
  report(
    'start',
    'scale api=5 of samples/quickstart: docker boxer and docker compose',
    [
      { title, unit: 'ms', series: series(native, boxer), aim: 'ratio 1.2' },
      { title: `${title}, CPU time of the whole machine`, unit: 'ms', series: series(cpu(0), cpu(1)) },
    ],
    figures(),
  );
} finally {
  for (const side of SIDES) await compose(side, 'down').catch(() => undefined);
}
