import type { OwnImages } from '../compose/images-file.ts';
import { imageOf, type Model } from '../compose/model.ts';
import type { ReadModel } from '../compose/read-model.ts';
import { problemsError } from '../compose/report.ts';
import type { Boxed } from '../compose/rewrite/boxed-service.ts';
import type { Annotations } from '../compose/validate.ts';
import { type ImageFacts, inspectImages } from '../engine/images.ts';
import { checkedAnnotations } from './annotations.ts';
import { boxedServices } from './boxed-services.ts';
import { getImages } from './get-images.ts';
import { ownImages, requireOwnImage } from './own-images.ts';
import type { Purpose } from './purpose.ts';
import { runtimeFor, runtimesOf } from './runtimes.ts';
import { selection } from './selection.ts';
import type { Work } from './work.ts';

/** The project with all data that the rewrite and the provider need. */
export interface ReadProject {
  model: Model;
  annotations: Annotations;
  /** Boxed services whose image the engine has. */
  boxed: Boxed[];
  /** Services that the call selects. */
  selected: ReadonlySet<string>;
  own: OwnImages;
  runtime: ImageFacts;
}

/** Checks the project and gets its images. Undefined: nothing of it is boxed. */
export async function readProject(
  work: Work,
  purpose: Purpose,
  { model, enabled }: ReadModel,
): Promise<ReadProject | undefined> {
  const annotations = checkedAnnotations(work, model);
  if (annotations.services.size === 0) return undefined;
  const selected = selection(model, enabled, purpose.services, purpose.withDependencies);
  const own = ownImages(work.root);
  const boxedNames = new Set(annotations.services.keys());
  const { facts, ours } = await boxedImages(work, model, boxedNames, selected, purpose, own);
  const runtime = requireOwnImage(ours, own.runtime);
  const usesLambda = [...annotations.services.values()].some(({ target }) => target === 'lambda');
  if (usesLambda && annotations.project.provider === 'local') requireOwnImage(ours, own.lambdaLocal);
  const boxed = boxedServices(model, annotations, facts, runtime.id);
  if (purpose.kind === 'start' || purpose.kind === 'plan') {
    const runtimes = runtimesOf(own, runtime);
    for (const one of boxed) if (one.twin !== undefined && selected.has(one.name)) runtimeFor(runtimes, one);
  }
  return { model, annotations, boxed, selected, own, runtime };
}

/**
 * Finds the images of boxed services. Only selected services must have one; others without an image are left
 * out.
 */
async function boxedImages(
  work: Work,
  model: Model,
  boxed: ReadonlySet<string>,
  selected: ReadonlySet<string>,
  purpose: Purpose,
  own: OwnImages,
): Promise<{ facts: Map<string, ImageFacts>; ours: Map<string, ImageFacts> }> {
  const names = [...boxed].map((name) => [name, imageOf(model, name, model.services?.[name] ?? {})] as const);
  const wanted = [own.runtime, ...(own.lambdaLocal === undefined ? [] : [own.lambdaLocal])];
  const inspect = async () => {
    const ours = await inspectImages(work.engine, [...wanted, ...names.map(([, image]) => image)]);
    const facts = new Map<string, ImageFacts>();
    for (const [name, image] of names) {
      const found = ours.get(image);
      if (found !== undefined) facts.set(name, found);
    }
    return { facts, ours };
  };
  let found = await inspect();
  const missing = new Set([...boxed].filter((name) => !found.facts.has(name)));
  if (
    purpose.kind === 'start' &&
    (await getImages(work, model, { boxed, selected, missing }, purpose.policy))
  ) {
    found = await inspect();
  }
  const absent = [...boxed].filter((name) => selected.has(name) && !found.facts.has(name));
  if (absent.length === 0 || purpose.kind === 'plan' || purpose.kind === 'preview') return found;
  const problems = absent.map((name) => missingImage(model, name));
  throw problemsError(problems, work.project, work.cwd);
}

function missingImage(model: Model, name: string) {
  const service = model.services?.[name] ?? {};
  return {
    path: ['services', name, service.build === undefined ? 'image' : 'build'],
    message: `the image ${imageOf(model, name, service)} is not in this engine, and its ENTRYPOINT and CMD are needed`,
    hint: `Run \`docker boxer up\`, which gets it, or \`docker compose ${service.build === undefined ? 'pull' : 'build'} ${name}\`.`,
  };
}
