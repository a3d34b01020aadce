import { readModel } from '../compose/read-model.ts';
import type { Prepared, Purpose } from '../project/purpose.ts';
import type { Work } from '../project/work.ts';
import { requireCompose } from './compose-version.ts';

/**
 * Reads the project and writes its override. The plugin's other modules are loaded while Compose reads the
 * project, which hides their loading time.
 * @throws BoxerError as `readModel` and `rewriteProject`
 */
export async function prepare(context: Work, purpose: Purpose): Promise<Prepared> {
  const [read, { rewriteProject }] = await Promise.all([
    readModel(context.engine, context.invocation, context.project),
    import('./rewrite-project.ts'),
    // `config` prints what Compose makes of it, so that an old one is seen there; starting must not go wrong
    // halfway.
    purpose.kind === 'start' ? requireCompose(context) : undefined,
  ]);
  return rewriteProject(context, purpose, read);
}
