import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { type OwnImages, readOwnImages } from '../compose/images-file.ts';
import type { ImageFacts } from '../engine/images.ts';

/** Reads the tags of Boxer's images, which the build writes to `build/images.json`. */
export const ownImages = (root: string): OwnImages => readOwnImages(join(root, 'build', 'images.json'));

/** @throws BoxerError NOT_BUILT if the engine does not have the image */
export function requireOwnImage(found: ReadonlyMap<string, ImageFacts>, tag: string | undefined): ImageFacts {
  const facts = found.get(tag ?? '');
  if (facts !== undefined) return facts;
  throw new BoxerError(
    'NOT_BUILT',
    `Boxer's own image ${tag ?? 'of the local Lambda'} is not in this engine`,
    {
      hint: 'Run script/bootstrap in the folder of Boxer, against the same engine.',
    },
  );
}
