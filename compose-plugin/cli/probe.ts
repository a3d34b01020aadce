import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { readModel } from '../compose/read-model.ts';
import { writeAtomically } from '../compose/write-atomically.ts';
import { withLock } from '../prepare/lock.ts';
import { LAST_PROBE } from '../project/last-probe.ts';
import type { Context } from './context.ts';
import { ownArguments } from './own-arguments.ts';

const options = {
  addresses: { type: 'boolean' },
  json: { type: 'boolean' },
  provider: { type: 'string' },
  trials: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
} as const;

/** Number of connections to punch in each way. More than `most` would take longer than the function lives. */
const TRIALS = { least: 1, usual: 5, most: 20 };

/** `probe [--json] [--addresses] [--provider P] [--trials N] [--yes]` */
export async function probe(context: Context): Promise<number> {
  const { engine, invocation, project, print } = context;
  const { values, positionals } = ownArguments(invocation.args, options);
  if (positionals.length > 0)
    throw new BoxerError('USAGE', `probe takes no arguments, and got ${positionals.join(' ')}`);
  const trials = trialsOf(values.trials);
  const model = await readModel(engine, invocation, project);
  const [{ runProbe }, { masked }, { renderProbe }] = await Promise.all([
    import('../probe/run-probe.ts'),
    import('../probe/mask.ts'),
    import('../probe/summary.ts'),
  ]);
  const { report, seedName } = await withLock(context, 'change', 'probe', () =>
    runProbe(context, model.model, { trials, consent: values.yes ? 'given' : 'always' }),
  );
  const unnamed = masked(report, seedName === undefined ? [] : [seedName]);
  writeAtomically(join(project.folder, LAST_PROBE), `${JSON.stringify(unnamed)}\n`);
  const shown = values.addresses ? report : unnamed;
  print(values.json ? JSON.stringify(shown, undefined, 2) : renderProbe(shown));
  return report.functions.length === 2 ? 0 : 1;
}

/** @throws BoxerError USAGE */
function trialsOf(text: string | undefined): number {
  const trials = text === undefined ? TRIALS.usual : Number(text);
  if (Number.isInteger(trials) && trials >= TRIALS.least && trials <= TRIALS.most) return trials;
  throw new BoxerError(
    'USAGE',
    `--trials must be a whole number from ${TRIALS.least} to ${TRIALS.most}, and is ${JSON.stringify(text)}`,
  );
}
