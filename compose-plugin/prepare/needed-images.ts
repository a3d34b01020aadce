import type { OwnImages } from '../compose/images-file.ts';
import type { ProviderName } from '../compose/provider-names.ts';
import type { ImageFacts } from '../engine/images.ts';
import { requireOwnImage } from '../project/own-images.ts';
import { providerOf } from '../provider/providers.ts';

/** Those of Boxer's images that a project of this provider needs, as far as they are built. */
export const neededTags = (own: OwnImages, provider: ProviderName): string[] => [
  own.runtime,
  ...providerOf(provider)
    .ownImages(own)
    .filter((tag) => tag !== undefined),
];

/**
 * The facts of the runtime's image.
 * @param functions whether the provider's images are needed as well
 * @throws BoxerError NOT_BUILT if the engine does not have a needed image
 */
export function requireNeeded(
  found: ReadonlyMap<string, ImageFacts>,
  own: OwnImages,
  provider: ProviderName,
  functions: boolean,
): ImageFacts {
  const runtime = requireOwnImage(found, own.runtime);
  if (functions) for (const tag of providerOf(provider).ownImages(own)) requireOwnImage(found, tag);
  return runtime;
}
