import { composeCall } from '../compose/command.ts';
import { standingOverride } from '../compose/standing-override.ts';
import { attach } from '../engine/attached.ts';
import type { Context } from './context.ts';

/** Runs a Compose verb as the user typed it, with the project's files and the files of `extra`. */
export function runVerb(
  { engine, invocation, project }: Context,
  extra: readonly string[],
  args: readonly string[] = invocation.args,
): Promise<number> {
  const words = invocation.verb === undefined ? [] : [invocation.verb, ...args];
  const call = composeCall(engine, invocation, project, extra, words);
  return attach(engine, call.args, { env: call.env });
}

/**
 * Verbs that get the user's files without the override: Compose can neither build nor pull Boxer's images.
 */
const sourceVerbs = ['pull', 'publish', 'ls', 'version', 'bridge'];

/** Runs a verb that starts nothing new, so the override only has to name the existing services. */
export async function passThrough(context: Context): Promise<number> {
  if (sourceVerbs.includes(context.invocation.verb ?? '')) return runVerb(context, []);
  const override = await standingOverride(context);
  return runVerb(context, override === undefined ? [] : [override]);
}
