import { composeCall } from '../compose/command.ts';
import { standingOverride } from '../compose/standing-override.ts';
import { attach } from '../engine/attached.ts';
import type { Context } from './context.ts';

/** Runs a Compose verb as it was typed, over the project's own files plus `extra` ones. */
export function runVerb(
  { engine, invocation, project }: Context,
  extra: readonly string[],
  args: readonly string[] = invocation.args,
): Promise<number> {
  const words = invocation.verb === undefined ? [] : [invocation.verb, ...args];
  const call = composeCall(engine, invocation, project, extra, words);
  return attach(engine, call.args, { env: call.env });
}

/** Verbs that look at what the user wrote, not at what runs: our own images can be neither built nor pulled. */
const sourceVerbs = ['pull', 'publish', 'ls', 'version', 'bridge'];

/** A verb that starts nothing new: the override only has to name what is there. */
export async function passThrough(context: Context): Promise<number> {
  if (sourceVerbs.includes(context.invocation.verb ?? '')) return runVerb(context, []);
  const override = await standingOverride(context);
  return runVerb(context, override === undefined ? [] : [override]);
}
