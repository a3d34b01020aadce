import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';

const imagesFile = z.object({
  runtime: z.string(),
  /** For twins of the other architecture; built on demand only. */
  runtimeArm64: z.optional(z.string()),
  lambdaLocal: z.optional(z.string()),
});

/** Tags of the images that belong to this version of Boxer. */
export type OwnImages = z.infer<typeof imagesFile>;

/**
 * Reads `build/images.json`, which the build writes.
 * @throws BoxerError NOT_BUILT if it is absent or not understood
 */
export function readOwnImages(path: string): OwnImages {
  try {
    return imagesFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new BoxerError(
      'NOT_BUILT',
      `Boxer's own images are not built: ${path} is missing or not understood`,
      {
        hint: 'Run script/bootstrap in the folder of Boxer.',
        cause,
      },
    );
  }
}
