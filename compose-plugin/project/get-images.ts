import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { composeCall } from '../compose/command.ts';
import { imageOf, type Model, servicesOf } from '../compose/model.ts';
import { attach } from '../engine/attached.ts';
import type { Work } from './work.ts';

/** The flags of a call that decide how images are built and pulled. */
export interface ImagePolicy {
  /** `--build` / `--no-build`. */
  build: boolean | undefined;
  /** `--pull`. */
  pull: string | undefined;
  quietPull: boolean;
  quietBuild: boolean;
}

/**
 * Builds and pulls the images that Compose would build and pull when it starts these services. The rewrite
 * needs the images first: it reads ENTRYPOINT and CMD, and the twins are made from them.
 * @param wanted.missing services whose images the engine does not have
 * @returns whether any image was built or pulled
 */
export async function getImages(
  context: Work,
  model: Model,
  wanted: { boxed: ReadonlySet<string>; selected: ReadonlySet<string>; missing: ReadonlySet<string> },
  policy: ImagePolicy,
): Promise<boolean> {
  const build: string[] = [];
  const pull: string[] = [];
  for (const [name, service] of servicesOf(model)) {
    if (!wanted.selected.has(name)) continue;
    const boxed = wanted.boxed.has(name);
    const missing = boxed && wanted.missing.has(name);
    const never = service.pull_policy === 'never' || policy.pull === 'never';
    if (service.build !== undefined && service.build !== null) {
      const asked = policy.build === true || (boxed && service.pull_policy === 'build');
      if (policy.build !== false && (asked || missing)) build.push(name);
    } else if (
      !never &&
      (missing || policy.pull === 'always' || (boxed && service.pull_policy === 'always'))
    ) {
      pull.push(name);
    }
  }
  if (build.length > 0) {
    const once = oncePerImage(model, build);
    await compose(context, ['build', ...(policy.quietBuild ? ['-q'] : []), ...once]);
  }
  if (pull.length > 0) await compose(context, ['pull', ...(policy.quietPull ? ['-q'] : []), ...pull]);
  return build.length + pull.length > 0;
}

/**
 * Keeps one service of those that build the same image in the same way. Compose builds all services at once,
 * and in an engine with the containerd image store two builds of one tag can fail with "already exists".
 */
export function oncePerImage(model: Model, names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => {
    const service = model.services?.[name] ?? {};
    const build = JSON.stringify([imageOf(model, name, service), service.platform, service.build]);
    return !seen.has(build) && seen.add(build);
  });
}

async function compose({ engine, invocation, project }: Work, words: string[]): Promise<void> {
  const call = composeCall(engine, invocation, project, [], words);
  const code = await attach(engine, call.args, { env: call.env, stdoutToStderr: true });
  if (engine.signal.aborted) throw new BoxerError('CANCELLED', 'cancelled');
  if (code !== 0) throw new BoxerError('IMAGES', `docker compose ${words[0]} failed with exit code ${code}`);
}
