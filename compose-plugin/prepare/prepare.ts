import type { Context } from '../cli/context.ts';
import type { Model } from '../compose/model.ts';
import { readModel } from '../compose/read-model.ts';
import { requireCompose } from './compose-version.ts';
import type { ImagePolicy } from './get-images.ts';

/** What a call is going to do with the rewritten model. */
export interface Purpose {
  /** Services that the call names; none: all enabled ones. */
  services: readonly string[];
  withDependencies: boolean;
  /** `start`: images, twins and volume are made; `show`: nothing outside `.boxer` is. */
  kind: 'start' | 'show';
  policy: ImagePolicy;
}

/** The rewritten project. */
export interface Prepared {
  model: Model;
  /** The override file; undefined: nothing in the project is boxed. */
  override: string | undefined;
}

/**
 * Reads the project and writes its override. What works on the model is loaded while Compose reads it: the plugin's
 * own start-up hides behind that.
 * @throws BoxerError as `readModel` and `rewriteProject`
 */
export async function prepare(context: Context, purpose: Purpose): Promise<Prepared> {
  const [read, { rewriteProject }] = await Promise.all([
    readModel(context.engine, context.invocation, context.project),
    import('./rewrite-project.ts'),
    // `config` prints what Compose makes of it, so that an old one is seen there; starting must not go wrong halfway.
    purpose.kind === 'start' ? requireCompose(context.engine) : undefined,
  ]);
  return rewriteProject(context, purpose, read);
}
