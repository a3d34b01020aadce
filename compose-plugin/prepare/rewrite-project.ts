import { writeKeys } from '../compose/keys.ts';
import { makeStateFolder } from '../compose/make-state-folder.ts';
import type { ReadModel } from '../compose/read-model.ts';
import { keyHolders, override, runtimeVolumeName } from '../compose/rewrite/override.ts';
import { serialise } from '../compose/rewrite/serialise.ts';
import { sourcesDigest } from '../compose/sources.ts';
import { writeAtomically } from '../compose/write-atomically.ts';
import { noteProvider } from '../project/effective-provider.ts';
import { noteName } from '../project/noted-name.ts';
import { withoutImage } from '../project/project-data.ts';
import type { Prepared, Purpose } from '../project/purpose.ts';
import type { Work } from '../project/work.ts';
import { providerOf } from '../provider/providers.ts';
import { removeEarlierFolder } from './earlier-folder.ts';
import { adoptNotes } from './forsaken.ts';
import { writePreview } from './preview.ts';
import { readProject } from './read-project.ts';
import { makeRuntimeVolume } from './runtime-volume.ts';

/**
 * Makes the override from the model: checks, gets images, builds twins, writes. Nothing is written before the
 * whole project has been found valid.
 * @throws BoxerError INVALID with every problem of the project; NOT_BUILT, NO_ENGINE, IMAGES, TWIN, and those
 * of `deploy`
 */
export async function rewriteProject(work: Work, purpose: Purpose, read: ReadModel): Promise<Prepared> {
  const { engine, project, cwd } = work;
  const found = await readProject(work, purpose, read);
  const { model } = read;
  if (found === undefined) return { model, override: undefined };
  const { annotations, boxed, selected, own, runtime } = found;
  const { project: settings } = annotations;
  const started = purpose.kind === 'start' ? boxed.filter(({ name }) => selected.has(name)) : [];
  const { access: accessOf, start } = providerOf(settings.provider);
  const access = await accessOf(engine, settings);
  const starting = { ...found, boxed: started };
  if (started.length > 0) await start.deploy(work, starting, access, purpose.consent ?? 'changes');

  const unknown = purpose.kind === 'preview' ? withoutImage(found) : [];
  if (unknown.length > 0) return { model, ...writePreview(work, found, access, unknown) };
  makeStateFolder(project);
  adoptNotes(project);
  removeEarlierFolder(work);
  const keyId = writeKeys(project.folder, keyHolders(boxed, settings));
  if (purpose.kind === 'start') {
    noteProvider(work);
    await makeRuntimeVolume(engine, runtimeVolumeName(runtime.id), own.runtime);
    await start.equip(work, starting, access);
  }
  const content = override({
    model,
    boxed,
    boxedNames: new Set(annotations.services.keys()),
    settings,
    access,
    images: own,
    runtimeId: runtime.id,
    ...{ directory: project.directory, folder: project.folder, keyId },
  });
  noteName(project, model.name);
  writeAtomically(project.override, serialise(content, sourcesDigest(project, cwd)));
  if (project.linked !== undefined && project.linked !== project.override) {
    const where = `${project.linked}, which is not the override of this project any more`;
    work.warn(`docker boxer: COMPOSE_FILE names ${where}: run \`docker boxer link\` again.`);
  }
  if (purpose.kind === 'start' && purpose.recreates !== false)
    await start.renew(work, model.name, content, selected);
  const isWhole = boxed.length === annotations.services.size && !access.isOutside;
  const images = new Map([...found.inspected].map(([name, { id }]) => [name, id]));
  return { model, override: project.override, ...(isWhole ? { images } : {}) };
}
