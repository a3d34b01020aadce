import type { ParseArgsOptionsConfig } from 'node:util';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { readModel } from '../compose/read-model.ts';
import { readProject } from '../prepare/read-project.ts';
import { planPurpose } from '../project/purposes.ts';
import type { Account, Findings } from '../provider/account.ts';
import { providers } from '../provider/providers.ts';
import { table } from '../report/table.ts';
import type { Context } from './context.ts';
import { engineChecks } from './doctor/engine-checks.ts';
import { machineChecks } from './doctor/machine-checks.ts';
import { projectCheck } from './doctor/project-check.ts';
import { ownArguments } from './own-arguments.ts';

/** `--aws` and its like: a flag for each provider with an account. */
const accounts = providers.flatMap(({ name, account }) => (account === undefined ? [] : [{ name, account }]));

const options: ParseArgsOptionsConfig = {
  ...Object.fromEntries(accounts.map(({ name }) => [name, { type: 'boolean' }])),
  provider: { type: 'string' },
};

/** `doctor [--aws]`: checks everything that Boxer needs; exit code 1 if a check fails. */
export async function doctor(context: Context): Promise<number> {
  const { values } = ownArguments(context.invocation.args, options);
  const asked = accounts.filter(({ name }) => values[name] === true);
  const [own, found] = await Promise.all([
    Promise.all([machineChecks(context), engineChecks(context), projectCheck(context)]),
    Promise.all(asked.map(({ account }) => accountFindings(context, account))),
  ]);
  const checks = [...own.flat(), ...found.flatMap((one) => one.checks)];
  const rows = checks.map(({ name, ok, found }) => [ok ? 'ok' : 'FAIL', name, found.split('\n')[0] ?? '']);
  context.print(table([['', 'CHECK', 'FOUND'], ...rows]));
  const failed = checks.filter(({ ok }) => !ok);
  for (const { name, found, advice } of failed) {
    const details = found.includes('\n') ? `\n${found}` : '';
    context.print(`\n${name}: ${advice}${details}`);
  }
  for (const section of found.flatMap((one) => one.sections)) context.print(`\n${section}`);
  return failed.length === 0 ? 0 : 1;
}

/** Checks the project in an account. An error that prevents the checks is reported as a failed check. */
async function accountFindings(context: Context, account: Account): Promise<Findings> {
  try {
    const model = await readModel(context.engine, context.invocation, context.project);
    return await account.findings(context, await readProject(context, planPurpose([]), model));
  } catch (error) {
    if (!(error instanceof BoxerError) || error.code === 'CANCELLED') throw error;
    const check = { name: account.title, ok: false, found: error.message, advice: error.hint ?? '' };
    return { checks: [check], sections: [] };
  }
}
