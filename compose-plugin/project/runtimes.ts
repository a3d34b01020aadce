import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { OwnImages } from '../compose/images-file.ts';
import type { Boxed } from '../compose/rewrite/boxed-service.ts';
import type { ImageFacts } from '../engine/images.ts';

/** Docker's name of an architecture -> tag of the runtime image for twins of this architecture. */
export type Runtimes = ReadonlyMap<string, string>;

/** @param facts the facts of `own.runtime`, which has the engine's architecture */
export const runtimesOf = (own: OwnImages, facts: ImageFacts): Runtimes =>
  new Map([
    ...(own.runtimeArm64 === undefined ? [] : [['arm64', own.runtimeArm64] as const]),
    [facts.architecture, own.runtime] as const,
  ]);

/**
 * The runtime for a service's twin.
 * @throws BoxerError ARCHITECTURE if there is no runtime for the image's architecture
 */
export function runtimeFor(runtimes: Runtimes, { name, image }: Pick<Boxed, 'name' | 'image'>): string {
  const found = runtimes.get(image.architecture);
  if (found !== undefined) return found;
  throw new BoxerError(
    'ARCHITECTURE',
    `service "${name}": its image is built for ${image.architecture}, and there is no runtime of Boxer for that here`,
    { hint: `Runtimes here: ${[...runtimes.keys()].join(', ')}. Build or pull the image for one of these.` },
  );
}
