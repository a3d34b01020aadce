import { composeCall, runCompose } from '../compose/command.ts';
import { standingOverride } from '../compose/standing-override.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { parseVerbArguments } from './verb-arguments.ts';

/** `logs`: shows the logs of the user's services; those of Boxer's services only if they are named. */
export async function logs(context: Context): Promise<number> {
  const { engine, invocation, project } = context;
  const override = await standingOverride(context);
  if (override === undefined) return runVerb(context, []);
  if (parseVerbArguments('logs', invocation.args).words.length > 0) return runVerb(context, [override]);
  const call = composeCall(engine, invocation, project, [], ['config', '--services']);
  const { stdout, code } = await runCompose(engine, call);
  const services = code === 0 ? stdout.split('\n').filter((name) => name !== '') : [];
  return runVerb(context, [override], [...invocation.args, ...services]);
}
