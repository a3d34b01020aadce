import type { Context } from '../cli/context.ts';
import { makeBoxerFolder, writeAtomically } from '../compose/boxer-folder.ts';
import type { OwnImages } from '../compose/images-file.ts';
import { writeKeys } from '../compose/keys.ts';
import { imageOf, type Model } from '../compose/model.ts';
import type { ReadModel } from '../compose/read-model.ts';
import { problemsError } from '../compose/report.ts';
import { localAccess } from '../compose/rewrite/lambda-access.ts';
import { keyHolders, override, runtimeVolumeName } from '../compose/rewrite/override.ts';
import { serialise } from '../compose/rewrite/serialise.ts';
import { sourcesDigest } from '../compose/sources.ts';
import { type ImageFacts, inspectImages } from '../engine/images.ts';
import { engineSocket } from '../engine/socket.ts';
import { boxedServices } from './boxed-services.ts';
import { getImages } from './get-images.ts';
import { makeTwins } from './make-twins.ts';
import { ownImages, requireOwnImage } from './own-images.ts';
import { noteProvider } from './provider.ts';
import type { Prepared, Purpose } from './purpose.ts';
import { checkedAnnotations, type ReadProject } from './read-project.ts';
import { makeRuntimeVolume } from './runtime-volume.ts';
import { runtimeFor, runtimesOf } from './runtimes.ts';
import { selection } from './selection.ts';

/**
 * From the model to the override: check, get images, build twins, write. Nothing is written before the whole
 * project was found valid.
 * @throws BoxerError INVALID with every problem of the project; NOT_BUILT, NO_ENGINE, IMAGES, TWIN, and those of `deploy`
 */
export async function rewriteProject(context: Context, purpose: Purpose, read: ReadModel): Promise<Prepared> {
  const { engine, project, cwd } = context;
  const found = await readProject(context, purpose, read);
  const { model } = read;
  if (found === undefined) return { model, override: undefined };
  const { annotations, boxed, selected, own, runtime } = found;
  const { project: settings } = annotations;
  const started = purpose.kind === 'start' ? boxed.filter(({ name }) => selected.has(name)) : [];
  const aws = settings.provider === 'aws' ? await import('../aws/deploy.ts') : undefined;
  const access =
    aws === undefined
      ? localAccess(settings.region, await engineSocket(engine))
      : await aws.awsAccess(settings);
  if (aws !== undefined && started.length > 0)
    await aws.deploy(context, { ...found, boxed: started }, access, purpose.consent ?? 'changes');

  makeBoxerFolder(project.folder);
  writeKeys(project.folder, keyHolders(boxed, settings));
  if (purpose.kind === 'start') {
    noteProvider(context);
    await makeRuntimeVolume(engine, runtimeVolumeName(runtime.id), own.runtime);
    if (aws === undefined) await makeTwins(context, model, started, runtimesOf(own, runtime));
    else if (access.credentials) await aws.handOver(settings, project.folder);
  }
  const content = override({
    model,
    boxed,
    boxedNames: new Set(annotations.services.keys()),
    settings,
    access,
    images: own,
    runtimeId: runtime.id,
  });
  writeAtomically(project.override, serialise(content, sourcesDigest(project, cwd)));
  return { model, override: project.override };
}

/** Checks the project and gets its images. Undefined: nothing of it is boxed. */
export async function readProject(
  context: Context,
  purpose: Purpose,
  { model, enabled }: ReadModel,
): Promise<ReadProject | undefined> {
  const annotations = checkedAnnotations(context, model);
  if (annotations.services.size === 0) return undefined;
  const selected = selection(model, enabled, purpose.services, purpose.withDependencies);
  const own = ownImages(context.root);
  const boxedNames = new Set(annotations.services.keys());
  const { facts, ours } = await boxedImages(context, model, boxedNames, selected, purpose, own);
  const runtime = requireOwnImage(ours, own.runtime);
  const usesLambda = [...annotations.services.values()].some(({ target }) => target === 'lambda');
  if (usesLambda && annotations.project.provider === 'local') requireOwnImage(ours, own.lambdaLocal);
  const boxed = boxedServices(model, annotations, facts, runtime.id);
  if (purpose.kind !== 'show') {
    const runtimes = runtimesOf(own, runtime);
    for (const one of boxed) if (one.twin !== undefined && selected.has(one.name)) runtimeFor(runtimes, one);
  }
  return { model, annotations, boxed, selected, own, runtime };
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
  if (absent.length === 0 || purpose.kind === 'plan') return found;
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
