import { composeCall, runCompose } from '../compose/command.ts';
import { mayMentionBoxer } from '../compose/mentions.ts';
import { prepare } from '../prepare/prepare.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { showPurpose } from './purposes.ts';
import { parseVerbArguments } from './verb-arguments.ts';

/** `config`: prints the rewritten model. */
export async function config(context: Context): Promise<number> {
  const { engine, invocation, project, cwd } = context;
  if (!mayMentionBoxer(project, cwd)) return runVerb(context, []);
  const { words } = parseVerbArguments('config', invocation.args);
  const { override } = await prepare(context, showPurpose(words));
  const extra = override === undefined ? [] : [override];
  const call = composeCall(engine, invocation, project, extra, ['config', ...invocation.args]);
  const { code, stdout } = await runCompose(engine, call, { stderr: 'show' });
  await new Promise((done) => process.stdout.write(stdout, done));
  return code;
}
