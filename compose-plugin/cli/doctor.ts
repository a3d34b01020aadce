import type { Context } from './context.ts';
import { engineChecks } from './doctor/engine-checks.ts';
import { machineChecks } from './doctor/machine-checks.ts';
import { projectCheck } from './doctor/project-check.ts';
import { table } from './table.ts';

/** `doctor`: looks at everything that Boxer needs; exit code 1 if something is missing. */
export async function doctor(context: Context): Promise<number> {
  const checks = (
    await Promise.all([machineChecks(context), engineChecks(context), projectCheck(context)])
  ).flat();
  const rows = checks.map(({ name, ok, found }) => [ok ? 'ok' : 'FAIL', name, found.split('\n')[0] ?? '']);
  context.print(table([['', 'CHECK', 'FOUND'], ...rows]));
  const failed = checks.filter(({ ok }) => !ok);
  for (const { name, found, advice } of failed) {
    const details = found.includes('\n') ? `\n${found}` : '';
    context.print(`\n${name}: ${advice}${details}`);
  }
  return failed.length === 0 ? 0 : 1;
}
