import { mayMentionBoxer } from '../compose/mentions.ts';
import { withLock } from '../prepare/lock.ts';
import { prepare } from '../prepare/prepare.ts';
import { startPurpose } from '../project/purposes.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { expectStarts, followOptions } from './starts/follow-starts.ts';
import { parseVerbArguments } from './verb-arguments.ts';

/** `scale svc=n...` */
export async function scale(context: Context): Promise<number> {
  const { invocation, project, cwd } = context;
  if (!mayMentionBoxer(project, cwd)) return runVerb(context, []);
  const { flags, words } = parseVerbArguments('scale', invocation.args);
  const services = words.map((word) => word.replace(/=.*$/, ''));
  let finish = async (code: number) => code;
  const scaled = await withLock(context, 'change', 'scale', async () => {
    const { model, override } = await prepare(context, startPurpose(services, !flags.has('--no-deps')));
    if (override === undefined) return runVerb(context, []);
    finish = await expectStarts(context, model.name, followOptions(flags));
    return runVerb(context, [override]);
  });
  return finish(scaled);
}
