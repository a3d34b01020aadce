import { readModel } from '../compose/read-model.ts';
import { planPurpose } from '../project/purposes.ts';
import { readProject } from '../project/read-project.ts';
import type { Context } from './context.ts';
import { ownArguments, planOptions } from './own-arguments.ts';

/**
 * `plan [--json] [--provider P] [SERVICE...]`: shows the actions, permissions and cost of `up`. Changes
 * nothing.
 */
export async function plan(context: Context): Promise<number> {
  const { engine, invocation, project, print, warn } = context;
  const { values, positionals } = ownArguments(invocation.args, planOptions);
  const read = await readProject(
    context,
    planPurpose(positionals),
    await readModel(engine, invocation, project),
  );
  if (read === undefined) {
    warn('docker boxer: no service has x-boxer: there is nothing to plan');
    return 0;
  }
  const [{ planProject }, { renderPlan }] = await Promise.all([
    import('../aws/plan/plan-project.ts'),
    import('../aws/plan/render.ts'),
  ]);
  const found = await planProject(context, read);
  print(values.json ? JSON.stringify(found, undefined, 2) : renderPlan(found));
  return 0;
}
