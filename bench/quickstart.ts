/**
 * Compares samples/quickstart under `docker boxer` and under plain `docker compose`, alternately, and
 * measures the memory and size of the runtime. Requires script/bootstrap, and takes some minutes. Options:
 * --runs N (10).
 */
import { parseArgs } from 'node:util';
import { answeredBy, boxed, compose, plain, type Side } from './lib/quickstart-project.ts';
import { report } from './lib/report.ts';
import { runtimeSize, startUpSamples, supervisorMemory } from './lib/runtime-cost.ts';
import { alternate, type Comparison, timed } from './lib/samples.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { runs: { type: 'string', default: '10' } },
});
const RUNS = Number(values.runs);
const REPLICAS = 5;
const SIDES = [plain, boxed] as const;

const down = (side: Side) => compose(side, 'down', '-t', '1');

async function upSample(side: Side): Promise<number> {
  const ms = await timed(async () => {
    await compose(side, 'up', '-d');
    await answeredBy(side, 1);
  });
  await down(side);
  return ms;
}

async function scaleSample(side: Side): Promise<number> {
  await compose(side, 'up', '-d');
  await answeredBy(side, 1);
  const ms = await timed(() =>
    Promise.all([compose(side, 'scale', `api=${REPLICAS}`), answeredBy(side, REPLICAS)]),
  );
  await down(side);
  return ms;
}

const configSample = (side: Side) => timed(() => compose(side, 'config', '--quiet'));

async function compare(
  title: string,
  sample: (side: Side) => Promise<number>,
  runs: number,
  aim?: string,
): Promise<Comparison> {
  const [a, b] = await alternate(
    runs,
    () => sample(plain),
    () => sample(boxed),
    (run, side, ms) =>
      process.stderr.write(`${title} ${run + 1}/${runs} ${SIDES[side].label}: ${ms.toFixed(0)} ms\n`),
  );
  const series = [
    { label: plain.label, samples: a },
    { label: boxed.label, samples: b },
  ] as const;
  return { title, unit: 'ms', series, ...(aim ? { aim } : {}) };
}

try {
  // Each side runs once before the measurement, which builds images and the twin, and warms up caches.
  for (const side of SIDES) await upSample(side);
  const comparisons = [
    await compare('up, to the first good response through nginx', upSample, RUNS),
    await compare(
      `scale api=${REPLICAS}, to the fifth replica's first response`,
      scaleSample,
      RUNS,
      'ratio 2.5 or less',
    ),
    await compare('config', configSample, 2 * RUNS, 'difference 150 ms or less'),
    await startUpSamples(2 * RUNS),
  ];
  const memory = await supervisorMemory();
  report('quickstart', 'samples/quickstart: docker boxer and docker compose', comparisons, [
    { title: 'RSS of a boxed container’s supervisor', value: memory.supervisor, unit: 'MB', aim: '60 MB' },
    { title: 'RSS of a phantom', value: memory.phantom, unit: 'MB' },
    { title: '/opt/boxer, tar and gzip', value: await runtimeSize(), unit: 'MB', aim: '50 MB' },
  ]);
} finally {
  for (const side of SIDES) await down(side).catch(() => undefined);
}
