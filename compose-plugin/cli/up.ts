import { mayMentionBoxer } from '../compose/mentions.ts';
import { withLock } from '../prepare/lock.ts';
import { prepare } from '../prepare/prepare.ts';
import { tidyTwins } from '../prepare/tidy-twins.ts';
import type { Prepared } from '../project/purpose.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { expectStarts, followOptions } from './starts/follow-starts.ts';
import { parseVerbArguments, withoutFlags } from './verb-arguments.ts';

/**
 * `up` and `create`: prepares the images, functions and keys of the boxed services, then runs Compose's verb.
 */
export async function up(context: Context): Promise<number> {
  const { invocation, project, cwd } = context;
  if (!mayMentionBoxer(project, cwd)) return runVerb(context, []);
  const verb = invocation.verb ?? 'up';
  const { flags, words } = parseVerbArguments(verb, invocation.args);
  const attached =
    verb === 'up' && !['-d', '--detach', '--wait', '--no-start'].some((flag) => flags.has(flag));
  const prepared = () =>
    prepare(context, {
      services: words,
      withDependencies: !flags.has('--no-deps'),
      kind: 'start',
      recreates: !flags.has('--no-recreate') && verb === 'up' && !flags.has('--no-start'),
      consent: flags.has('--yes') || flags.has('-y') ? 'given' : 'always',
      policy: {
        build: flags.has('--build') ? true : flags.has('--no-build') ? false : undefined,
        pull: flags.get('--pull')?.at(-1),
        quietPull: flags.has('--quiet-pull'),
        quietBuild: flags.has('--quiet-build'),
      },
    });
  const follows = verb === 'up' && !attached && !flags.has('--no-start');
  let finish = async (code: number) => code;
  const start = async ({ model, override }: Prepared) => {
    const args = withoutFlags(verb, invocation.args, ['--provider']);
    if (override === undefined) return runVerb(context, [], args);
    // Images are built and pulled by now. Compose must not repeat it: Boxer's images can be neither built nor
    // pulled.
    const done = flags.get('--pull')?.at(-1) === 'always' ? ['--build', '--pull'] : ['--build'];
    const followed = follows ? await expectStarts(context, model.name, followOptions(flags)) : finish;
    finish = async (code) => {
      const all = await followed(code);
      if (code === 0) await tidyTwins(context, model.name);
      return all;
    };
    return runVerb(context, [override], withoutFlags(verb, args, done));
  };
  return withLock(context, 'up', verb, async () => {
    const code = attached
      ? await start(await withLock(context, 'change', verb, prepared))
      : await withLock(context, 'change', verb, async () => start(await prepared()));
    return finish(code);
  });
}
