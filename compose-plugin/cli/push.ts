import { mayMentionBoxer } from '../compose/mentions.ts';
import { readModel } from '../compose/read-model.ts';
import { readAnnotations } from '../compose/validate.ts';
import { withLock } from '../prepare/lock.ts';
import { readProject } from '../prepare/read-project.ts';
import { effectiveProvider } from '../project/effective-provider.ts';
import { startPurpose } from '../project/purposes.ts';
import { providerOf } from '../provider/providers.ts';
import type { Context } from './context.ts';
import { ownArguments } from './own-arguments.ts';
import { runVerb } from './pass-through.ts';
import { withoutFlags } from './verb-arguments.ts';

/**
 * `push`: where the provider has a repository, as on AWS, builds and pushes the twins that it lacks;
 * otherwise Compose's `push`.
 */
export async function push(context: Context): Promise<number> {
  const { invocation, project, cwd, engine, print } = context;
  if (!mayMentionBoxer(project, cwd)) return runVerb(context, []);
  const model = await readModel(engine, invocation, project);
  const { services, project: settings } = readAnnotations(model.model);
  const isBoxed = services.size > 0;
  const account = isBoxed ? providerOf(effectiveProvider(context, settings.provider)).account : undefined;
  if (account === undefined) {
    return runVerb(context, [], withoutFlags('push', invocation.args, ['--provider']));
  }
  const { positionals } = ownArguments(invocation.args, {
    provider: { type: 'string' },
    quiet: { type: 'boolean', short: 'q' },
    'include-deps': { type: 'boolean' },
  });
  return withLock(context, 'change', 'push', async () => {
    const read = await readProject(context, startPurpose(positionals, false), model);
    if (read === undefined) return 0;
    for (const [service, uri] of await account.push(context, read)) print(`${service} ${uri}`);
    return 0;
  });
}
