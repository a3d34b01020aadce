import { readModel } from '../compose/read-model.ts';
import { readProject } from '../prepare/read-project.ts';
import { planPurpose } from '../project/purposes.ts';
import { providerOf } from '../provider/providers.ts';
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
  const { plan, text } = await providerOf(read.annotations.project.provider).plan(context, read);
  print(values.json ? JSON.stringify(plan, undefined, 2) : text);
  return 0;
}
