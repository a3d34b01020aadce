import { mayMentionBoxer } from '../compose/mentions.ts';
import { readModel } from '../compose/read-model.ts';
import { withLock } from '../prepare/lock.ts';
import { readProject } from '../prepare/read-project.ts';
import { makeTwins } from '../project/make-twins.ts';
import { planPurpose } from '../project/purposes.ts';
import { runtimesOf } from '../project/runtimes.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { parseVerbArguments, withoutFlags } from './verb-arguments.ts';

/** `build`: runs Compose's build and then builds the twins of its images. */
export async function build(context: Context): Promise<number> {
  const { invocation, project, cwd, engine, warn } = context;
  if (!mayMentionBoxer(project, cwd)) return runVerb(context, []);
  const { flags, words } = parseVerbArguments('build', invocation.args);
  const code = await runVerb(context, [], withoutFlags('build', invocation.args, ['--provider']));
  // With these flags Compose prints something and builds nothing.
  if (code !== 0 || flags.has('--print') || flags.has('--check')) return code;
  return withLock(context, 'change', 'build', async () => {
    const read = await readProject(context, planPurpose(words), await readModel(engine, invocation, project));
    if (read === undefined) return 0;
    const { model, annotations, boxed, selected, own, runtime } = read;
    await makeTwins(
      context,
      model,
      boxed.filter(({ name }) => selected.has(name)),
      runtimesOf(own, runtime),
    );
    for (const name of annotations.services.keys()) {
      if (!selected.has(name) || boxed.some((one) => one.name === name)) continue;
      warn(
        `docker boxer: service "${name}": no twin yet: its image is not in this engine, and \`docker boxer pull\` gets it`,
      );
    }
    return 0;
  });
}
