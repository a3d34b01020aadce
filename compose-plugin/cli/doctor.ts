import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Check } from '../report/check.ts';
import { table } from '../report/table.ts';
import type { Context } from './context.ts';
import { engineChecks } from './doctor/engine-checks.ts';
import { machineChecks } from './doctor/machine-checks.ts';
import { projectCheck } from './doctor/project-check.ts';
import { ownArguments } from './own-arguments.ts';

const NOTHING = { checks: [] as Check[], sections: [] as string[] };

/** `doctor [--aws]`: checks everything that Boxer needs; exit code 1 if a check fails. */
export async function doctor(context: Context): Promise<number> {
  const { values } = ownArguments(context.invocation.args, {
    aws: { type: 'boolean' },
    provider: { type: 'string' },
  });
  const [own, onAws] = await Promise.all([
    Promise.all([machineChecks(context), engineChecks(context), projectCheck(context)]),
    values.aws ? awsFindings(context) : NOTHING,
  ]);
  const checks = [...own.flat(), ...onAws.checks];
  const rows = checks.map(({ name, ok, found }) => [ok ? 'ok' : 'FAIL', name, found.split('\n')[0] ?? '']);
  context.print(table([['', 'CHECK', 'FOUND'], ...rows]));
  const failed = checks.filter(({ ok }) => !ok);
  for (const { name, found, advice } of failed) {
    const details = found.includes('\n') ? `\n${found}` : '';
    context.print(`\n${name}: ${advice}${details}`);
  }
  for (const section of onAws.sections) context.print(`\n${section}`);
  return failed.length === 0 ? 0 : 1;
}

/** Checks the project on AWS. An error that prevents the checks is reported as a failed check. */
async function awsFindings(context: Context): Promise<typeof NOTHING> {
  const { doctorAws } = await import('../aws/doctor/doctor-aws.ts');
  try {
    return await doctorAws(context);
  } catch (error) {
    if (!(error instanceof BoxerError) || error.code === 'CANCELLED') throw error;
    const check = { name: 'AWS', ok: false, found: error.message, advice: error.hint ?? '' };
    return { checks: [check], sections: [] };
  }
}
