import { mayMentionBoxer } from '../compose/mentions.ts';
import { projectOf } from '../project/nodes/project-of.ts';
import type { Context } from './context.ts';
import { passThrough } from './pass-through.ts';
import { expectStarts, followOptions } from './starts/follow-starts.ts';
import { parseVerbArguments } from './verb-arguments.ts';

/** `start` and `restart`: runs Compose's verb and then follows the functions of the started containers. */
export async function start(context: Context): Promise<number> {
  const { invocation, project, cwd } = context;
  if (!mayMentionBoxer(project, cwd)) return passThrough(context);
  const { flags } = parseVerbArguments(invocation.verb ?? 'start', invocation.args);
  const finish = await expectStarts(context, await projectOf(context), followOptions(flags));
  return finish(await passThrough(context));
}
