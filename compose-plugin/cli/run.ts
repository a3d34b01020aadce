import { mayMentionBoxer } from '../compose/mentions.ts';
import { withLock } from '../prepare/lock.ts';
import { prepare } from '../prepare/prepare.ts';
import { startPurpose } from '../project/purposes.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { trampolineEntrypoint } from './run-entrypoint.ts';
import { parseVerbArguments } from './verb-arguments.ts';

/**
 * `run svc command` and `watch`: only the preparation holds the lock, because the verbs can run indefinitely.
 */
export async function run(context: Context): Promise<number> {
  const { invocation, project, cwd } = context;
  if (!mayMentionBoxer(project, cwd)) return runVerb(context, []);
  const verb = invocation.verb ?? 'run';
  const { flags, words } = parseVerbArguments(verb, invocation.args);
  const services = verb === 'run' ? words.slice(0, 1) : words;
  const { model, override } = await withLock(context, 'change', verb, () =>
    prepare(context, startPurpose(services, !flags.has('--no-deps'))),
  );
  if (override === undefined) return runVerb(context, []);
  return runVerb(
    context,
    [override],
    verb === 'run' ? trampolineEntrypoint(model, invocation.args) : invocation.args,
  );
}
