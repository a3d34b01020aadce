import type { OwnImages } from '../compose/images-file.ts';
import type { Model } from '../compose/model.ts';
import type { Boxed } from '../compose/rewrite/boxed-service.ts';
import type { Annotations } from '../compose/validate.ts';
import type { ImageFacts } from '../engine/images.ts';

/** The project with all data that the rewrite and the provider need. */
export interface ReadProject {
  model: Model;
  annotations: Annotations;
  /** Boxed services whose image the engine has. */
  boxed: Boxed[];
  /** Services that the call selects. */
  selected: ReadonlySet<string>;
  own: OwnImages;
  runtime: ImageFacts;
  /** All images that were looked for and found, by the names that the project and Boxer use. */
  inspected: ReadonlyMap<string, ImageFacts>;
}

/** Boxed services of the call whose image the engine does not have yet. */
export const withoutImage = ({
  annotations,
  boxed,
  selected,
}: Pick<ReadProject, 'annotations' | 'boxed' | 'selected'>): string[] =>
  [...annotations.services.keys()].filter(
    (name) => selected.has(name) && !boxed.some((one) => one.name === name),
  );
