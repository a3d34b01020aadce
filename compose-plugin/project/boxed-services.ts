import { twinTag } from '../../supervisor/published/twin-names.ts';
import type { Model } from '../compose/model.ts';
import type { Boxed } from '../compose/rewrite/boxed-service.ts';
import type { Annotations } from '../compose/validate.ts';
import type { ImageFacts } from '../engine/images.ts';

/** Boxed services with their images and the tags of their twins; those without an image are left out. */
export function boxedServices(
  model: Model,
  { services }: Annotations,
  images: ReadonlyMap<string, ImageFacts>,
  runtimeId: string,
): Boxed[] {
  return [...services].flatMap(([name, settings]) => {
    const service = model.services?.[name];
    const image = images.get(name);
    if (service === undefined || image === undefined) return [];
    const twin = settings.target === 'lambda' ? twinTag(model.name, name, image.id, runtimeId) : undefined;
    return [{ name, service, settings, image, twin }];
  });
}
