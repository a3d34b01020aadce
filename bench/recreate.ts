/**
 * Replaces the image of three replicas behind nginx by `up -d --build` under load, and counts the requests
 * that fail, under `docker boxer` and under plain `docker compose`, alternately, one project at a time.
 * Requires script/bootstrap. Options: --runs N (10).
 */
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { answeredBy, composeIn, type Side, sample } from './lib/quickstart-project.ts';
import { report } from './lib/report.ts';
import { alternate, type Comparison } from './lib/samples.ts';
import { underSteadyLoad } from './lib/steady-load.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { runs: { type: 'string', default: '10' } },
});
const RUNS = Number(values.runs);
const REPLICAS = 3;
/** The time in ms after `up` in which failures still count, because a function may still be starting. */
const CALM = 5000;

/** The sample in a separate folder, as the builds change its files. */
function project(label: string, verb: Side['verb'], port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'boxer-recreate-'));
  cpSync(sample, folder, { recursive: true });
  // On a busy machine, health checks may take longer than the sample allows. This is not part of the
  // measurement, so both sides get more retries.
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('retries: 15', 'retries: 300'));
  const side: Side = { label, project: `bench-recreate-${verb}`, port, verb };
  const up = () => composeIn(folder, side, 'up', '-d', '--build', '--scale', `api=${REPLICAS}`);
  return {
    side,
    folder,
    /** Alone on the machine: the health checks of a second project would take a third of two cores. */
    async recreate() {
      await up();
      await answeredBy(side, REPLICAS);
      appendFileSync(join(folder, 'api/api.py'), `# ${performance.now()}\n`);
      const result = await underSteadyLoad(`http://127.0.0.1:${port}/`, up, CALM);
      await answeredBy(side, REPLICAS);
      await composeIn(folder, side, 'down', '-t', '1');
      return result;
    },
    async remove() {
      await composeIn(folder, side, 'down', '-t', '1', '--rmi', 'local').catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const sides = [
  project('docker compose', 'compose', 18_083),
  project('docker boxer', 'boxer', 18_084),
] as const;
const outages: [number[], number[]] = [[], []];

async function measured(index: 0 | 1): Promise<number> {
  const { failed, outage } = await sides[index].recreate();
  outages[index].push(outage);
  return failed;
}

try {
  const failed = await alternate(
    RUNS,
    () => measured(0),
    () => measured(1),
    (run, side, count) =>
      process.stderr.write(
        `recreate ${run + 1}/${RUNS} ${sides[side].side.label}: ${count} failed, ` +
          `${outages[side].at(-1)?.toFixed(0)} ms\n`,
      ),
  );
  const compared = (title: string, unit: string, [a, b]: [number[], number[]]): Comparison => ({
    title,
    unit,
    series: [
      { label: sides[0].side.label, samples: a },
      { label: sides[1].side.label, samples: b },
    ],
  });
  report(
    'recreate',
    `A new image for ${REPLICAS} replicas: docker boxer and docker compose`,
    [
      compared('requests that failed, 40 a second', 'requests', failed),
      compared('from the first failure to the last', 'ms', outages),
    ],
    [],
  );
} finally {
  for (const { remove } of sides) await remove();
}
