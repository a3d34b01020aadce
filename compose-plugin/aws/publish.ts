import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Docker } from '../engine/docker.ts';
import { makeTwins } from '../project/make-twins.ts';
import type { ReadProject } from '../project/project-data.ts';
import { runtimesOf } from '../project/runtimes.ts';
import type { Work } from '../project/work.ts';
import { ecrRepository } from '../twin/names.ts';
import type { Aws } from './connect.ts';
import { withLeftovers } from './leftovers.ts';
import { ecrTag, type PushedImage, readImages } from './registry/images.ts';
import { withLogin } from './registry/login.ts';
import { checkSize, pushImage } from './registry/push.ts';
import { ensureRepository, type RepositoryState } from './registry/repository.ts';
import type { WantedFunction } from './wanted.ts';

/**
 * Builds and pushes the twins that the project's repository does not have.
 * @param there the repository's images by tag
 * @returns service -> image URI with digest
 * @throws BoxerError TWIN, LOGIN, PUSH, IMAGE_TOO_LARGE, and those of `call`
 */
export async function publish(
  context: Work,
  aws: Aws,
  project: ReadProject,
  wanted: readonly WantedFunction[],
  there: ReadonlyMap<string, PushedImage>,
  tags: Readonly<Record<string, string>>,
): Promise<Map<string, string>> {
  const { engine, progress } = context;
  const { model, boxed, own, runtime } = project;
  const missing = wanted.filter(({ service, twin }) => !there.has(ecrTag(service, twin)));
  // The size is checked before anything is made or sent, by the image that the twin is made from.
  for (const { service, imageSize } of missing) checkSize(service, imageSize + runtime.size);
  const services = new Set(missing.map(({ service }) => service));
  const twins = boxed.filter(({ name }) => services.has(name));
  await makeTwins(context, model, twins, runtimesOf(own, runtime));
  const repository = await ensureRepository(aws, ecrRepository(model.name), tags);
  const digests = new Map([...there].map(([tag, { digest }]) => [tag, digest]));
  if (missing.length > 0) {
    const push = (loggedIn: Docker, { service, twin }: WantedFunction) =>
      pushOnce(aws, loggedIn, service, twin, repository);
    const pushAll = async (loggedIn: Docker) => {
      // Twins are pushed one after the other, because ECR does not reuse a layer that is still being
      // uploaded.
      for (const one of missing) {
        progress(` Twin of ${one.service}  Pushing`);
        digests.set(ecrTag(one.service, one.twin), await push(loggedIn, one));
        progress(` Twin of ${one.service}  Pushed`);
      }
    };
    await withLogin(aws, engine, repository.uri, pushAll).catch((error: unknown) => {
      throw withLeftovers(error, [`repository ${repository.name}`]);
    });
  }
  return new Map(
    wanted.map(({ service, twin }) => [service, `${repository.uri}@${digests.get(ecrTag(service, twin))}`]),
  );
}

/**
 * Tags are immutable: if two users push the same twin at once, ECR refuses the later, which uses the other's
 * image.
 */
async function pushOnce(
  aws: Aws,
  engine: Docker,
  service: string,
  twin: string,
  repository: RepositoryState,
): Promise<string> {
  const tag = ecrTag(service, twin);
  try {
    return await pushImage(engine, service, twin, repository.uri, tag);
  } catch (error) {
    if (!(error instanceof BoxerError) || error.code !== 'PUSH') throw error;
    const other = (await readImages(aws, repository.name)).get(tag);
    if (other === undefined) throw error;
    return other.digest;
  }
}
