import type { Context } from '../cli/context.ts';
import { makeBoxerFolder, writeAtomically } from '../compose/boxer-folder.ts';
import type { OwnImages } from '../compose/images-file.ts';
import { writeKeys } from '../compose/keys.ts';
import { imageOf, type Model } from '../compose/model.ts';
import { subject } from '../compose/problem.ts';
import type { ReadModel } from '../compose/read-model.ts';
import { refusals, remarks } from '../compose/refusals/index.ts';
import { problemsError } from '../compose/report.ts';
import { keyHolders, override, runtimeVolumeName } from '../compose/rewrite/override.ts';
import { serialise } from '../compose/rewrite/serialise.ts';
import { sourcesDigest } from '../compose/sources.ts';
import { type Annotations, readAnnotations } from '../compose/validate.ts';
import { type ImageFacts, inspectImages } from '../engine/images.ts';
import { boxedServices } from './boxed-services.ts';
import { getImages } from './get-images.ts';
import { makeTwins } from './make-twins.ts';
import { ownImages, requireOwnImage } from './own-images.ts';
import type { Prepared, Purpose } from './purpose.ts';
import { makeRuntimeVolume } from './runtime-volume.ts';
import { selection } from './selection.ts';

/**
 * From the model to the override: check, get images, build twins, write. Nothing is written before the whole
 * project was found valid.
 * @throws BoxerError INVALID with every problem of the project; NOT_BUILT, NO_ENGINE, IMAGES, TWIN
 */
export async function rewriteProject(
  context: Context,
  purpose: Purpose,
  { model, enabled }: ReadModel,
): Promise<Prepared> {
  const { engine, project, cwd } = context;
  const annotations = checked(context, model);
  if (annotations.services.size === 0) return { model, override: undefined };
  const selected = selection(model, enabled, purpose.services, purpose.withDependencies);

  const own = ownImages(context.root);
  const boxedNames = new Set(annotations.services.keys());
  const { facts, ours } = await boxedImages(context, model, boxedNames, selected, purpose, own);
  const runtime = requireOwnImage(ours, own.runtime);
  if ([...annotations.services.values()].some(({ target }) => target === 'lambda')) {
    requireOwnImage(ours, own.lambdaLocal);
  }
  const boxed = boxedServices(model, annotations, facts, runtime.id);

  makeBoxerFolder(project.folder);
  writeKeys(project.folder, keyHolders(boxed, annotations.project));
  if (purpose.kind === 'start') {
    await makeRuntimeVolume(engine, runtimeVolumeName(runtime.id), own.runtime);
    const started = boxed.filter(({ name }) => selected.has(name));
    await makeTwins(context, model, started, own.runtime);
  }
  const content = override({
    model,
    boxed,
    boxedNames,
    settings: annotations.project,
    images: own,
    runtimeId: runtime.id,
  });
  writeAtomically(project.override, serialise(content, sourcesDigest(project, cwd)));
  return { model, override: project.override };
}

function checked(context: Context, model: Model): Annotations {
  const annotations = readAnnotations(model);
  const problems = [...annotations.problems, ...refusals(model, annotations)];
  if (problems.length > 0) throw problemsError(problems, context.project, context.cwd);
  for (const { path, message } of remarks(model, annotations)) context.warn(`${subject(path)}: ${message}`);
  return annotations;
}

/** Images of boxed services. Only selected services must have one; others are written if theirs is there. */
async function boxedImages(
  context: Context,
  model: Model,
  boxed: ReadonlySet<string>,
  selected: ReadonlySet<string>,
  purpose: Purpose,
  own: OwnImages,
): Promise<{ facts: Map<string, ImageFacts>; ours: Map<string, ImageFacts> }> {
  const names = [...boxed].map((name) => [name, imageOf(model, name, model.services?.[name] ?? {})] as const);
  const wanted = [own.runtime, ...(own.lambdaLocal === undefined ? [] : [own.lambdaLocal])];
  const inspect = async () => {
    const ours = await inspectImages(context.engine, [...wanted, ...names.map(([, image]) => image)]);
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
    (await getImages(context, model, { boxed, selected, missing }, purpose.policy))
  ) {
    found = await inspect();
  }
  const absent = [...boxed].filter((name) => selected.has(name) && !found.facts.has(name));
  if (absent.length === 0) return found;
  const problems = absent.map((name) => missingImage(model, name));
  throw problemsError(problems, context.project, context.cwd);
}

function missingImage(model: Model, name: string) {
  const service = model.services?.[name] ?? {};
  return {
    path: ['services', name, service.build === undefined ? 'image' : 'build'],
    message: `the image ${imageOf(model, name, service)} is not in this engine, and its ENTRYPOINT and CMD are needed`,
    hint: `Run \`docker boxer up\`, which gets it, or \`docker compose ${service.build === undefined ? 'pull' : 'build'} ${name}\`.`,
  };
}
