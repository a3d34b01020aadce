import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LambdaAccess } from '../compose/rewrite/lambda-access.ts';
import { override } from '../compose/rewrite/override.ts';
import { serialise } from '../compose/rewrite/serialise.ts';
import { writeAtomically } from '../compose/write-atomically.ts';
import type { ImageFacts } from '../engine/images.ts';
import { boxedServices } from '../project/boxed-services.ts';
import type { ReadProject } from '../project/project-data.ts';
import type { Prepared } from '../project/purpose.ts';
import type { Work } from '../project/work.ts';

/** Placeholder facts of an image that the engine does not have. */
const placeholder = (runtime: ImageFacts): ImageFacts => ({
  ...runtime,
  id: 'not-built-yet',
  entrypoint: ['ENTRYPOINT-OF-THE-IMAGE'],
  command: ['CMD-OF-THE-IMAGE'],
  volumes: [],
  stopSignal: '',
});

/**
 * Writes an override that shows what will run before there are images, in a folder of its own: nothing is
 * started by it.
 */
export function writePreview(
  { project, warn }: Work,
  { model, annotations, boxed, own, runtime }: ReadProject,
  access: LambdaAccess,
  unknown: readonly string[],
): Pick<Prepared, 'override' | 'preview'> {
  for (const name of unknown) {
    const stand = 'ENTRYPOINT, CMD and the names of twin and function are placeholders';
    warn(`docker boxer: service "${name}": its image is not in this engine: ${stand}`);
  }
  const facts = new Map([
    ...unknown.map((name) => [name, placeholder(runtime)] as const),
    ...boxed.map(({ name, image }) => [name, image] as const),
  ]);
  const content = override({
    model,
    boxed: boxedServices(model, annotations, facts, runtime.id),
    boxedNames: new Set(annotations.services.keys()),
    settings: annotations.project,
    access,
    images: own,
    runtimeId: runtime.id,
    ...{ directory: project.directory, folder: project.folder, keyId: '0000000000000000' },
  });
  const file = join(mkdtempSync(join(tmpdir(), 'boxer-preview-')), 'override.yaml');
  writeAtomically(file, serialise(content, 'none'));
  return { override: file, preview: true };
}
