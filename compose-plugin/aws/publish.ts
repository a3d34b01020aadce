import type { Context } from '../cli/context.ts';
import { makeTwins } from '../prepare/make-twins.ts';
import type { ReadProject } from '../prepare/read-project.ts';
import { ecrRepository } from '../twin/names.ts';
import type { Aws } from './connect.ts';
import { ecrTag, type PushedImage } from './registry/images.ts';
import { withLogin } from './registry/login.ts';
import { checkSize, pushImage } from './registry/push.ts';
import { ensureRepository } from './registry/repository.ts';
import type { WantedFunction } from './wanted.ts';

/**
 * Builds and pushes the twins that the project's repository does not have.
 * @param there the repository's images by tag
 * @returns service -> image URI by digest
 * @throws BoxerError TWIN, LOGIN, PUSH, IMAGE_TOO_LARGE, and those of `call`
 */
export async function publish(
  context: Context,
  aws: Aws,
  project: ReadProject,
  wanted: readonly WantedFunction[],
  there: ReadonlyMap<string, PushedImage>,
  tags: Readonly<Record<string, string>>,
): Promise<Map<string, string>> {
  const { engine, progress } = context;
  const { model, boxed, own, runtime } = project;
  const missing = wanted.filter(({ service, twin }) => !there.has(ecrTag(service, twin)));
  // Before anything is made or sent, by what the twin will be made from.
  for (const { service, imageSize } of missing) checkSize(service, imageSize + runtime.size);
  const services = new Set(missing.map(({ service }) => service));
  const twins = boxed.filter(({ name }) => services.has(name));
  await makeTwins(context, model, twins, own.runtime);
  const repository = await ensureRepository(aws, ecrRepository(model.name), tags);
  const digests = new Map([...there].map(([tag, { digest }]) => [tag, digest]));
  if (missing.length > 0) {
    await withLogin(aws, engine, repository.uri, async (loggedIn) => {
      // One after the other: services share layers, and a layer that is on its way is not yet there.
      for (const { service, twin } of missing) {
        const tag = ecrTag(service, twin);
        progress(` Twin of ${service}  Pushing`);
        digests.set(tag, await pushImage(loggedIn, service, twin, repository.uri, tag));
        progress(` Twin of ${service}  Pushed`);
      }
    });
  }
  return new Map(
    wanted.map(({ service, twin }) => [service, `${repository.uri}@${digests.get(ecrTag(service, twin))}`]),
  );
}
