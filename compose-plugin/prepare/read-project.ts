import { imageOf, type Model } from '../compose/model.ts';
import type { ReadModel } from '../compose/read-model.ts';
import { problemsError } from '../compose/report.ts';
import { type ImageFacts, inspectImages } from '../engine/images.ts';
import { checkedAnnotations } from '../project/annotations.ts';
import { boxedServices } from '../project/boxed-services.ts';
import { getImages } from '../project/get-images.ts';
import { ownImages } from '../project/own-images.ts';
import type { ReadProject } from '../project/project-data.ts';
import type { Purpose } from '../project/purpose.ts';
import { runtimeFor, runtimesOf } from '../project/runtimes.ts';
import { selection } from '../project/selection.ts';
import type { Work } from '../project/work.ts';
import { neededTags, requireNeeded } from './needed-images.ts';

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
  const { provider } = annotations.project;
  const tags = neededTags(own, provider);
  const { facts, inspected } = await boxedImages(work, model, boxedNames, selected, purpose, tags);
  const usesLambda = [...annotations.services.values()].some(({ target }) => target === 'lambda');
  const runtime = requireNeeded(inspected, own, provider, usesLambda);
  const boxed = boxedServices(model, annotations, facts, runtime.id);
  if (purpose.kind === 'start' || purpose.kind === 'plan') {
    const runtimes = runtimesOf(own, runtime);
    for (const one of boxed) if (one.twin !== undefined && selected.has(one.name)) runtimeFor(runtimes, one);
  }
  return { model, annotations, boxed, selected, own, runtime, inspected };
}

/**
 * Finds the images of boxed services, and inspects them together with Boxer's `own` ones. Only selected
 * services must have one; others without an image are left out.
 */
async function boxedImages(
  work: Work,
  model: Model,
  boxed: ReadonlySet<string>,
  selected: ReadonlySet<string>,
  purpose: Purpose,
  own: readonly string[],
): Promise<{ facts: Map<string, ImageFacts>; inspected: Map<string, ImageFacts> }> {
  const names = [...boxed].map((name) => [name, imageOf(model, name, model.services?.[name] ?? {})] as const);
  const inspect = async () => {
    const inspected = await inspectImages(work.engine, [...own, ...names.map(([, image]) => image)]);
    const facts = new Map<string, ImageFacts>();
    for (const [name, image] of names) {
      const found = inspected.get(image);
      if (found !== undefined) facts.set(name, found);
    }
    return { facts, inspected };
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
    message:
      `the image ${imageOf(model, name, service)} is not in this engine, and its ENTRYPOINT ` +
      `and CMD are needed`,
    hint:
      `Run \`docker boxer up\`, which gets it, or \`docker compose ` +
      `${service.build === undefined ? 'pull' : 'build'} ${name}\`.`,
  };
}
