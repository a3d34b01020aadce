import type { Model } from '../compose/model.ts';
import type { ImagePolicy } from './get-images.ts';

/** What a call is going to do with the rewritten model. */
export interface Purpose {
  /** Services that the call names; none: all enabled ones. */
  services: readonly string[];
  withDependencies: boolean;
  /** `start`: images, twins and volume are made; `show`: nothing outside `.boxer` is. */
  kind: 'start' | 'show';
  policy: ImagePolicy;
}

/** The rewritten project. */
export interface Prepared {
  model: Model;
  /** The override file; undefined: nothing in the project is boxed. */
  override: string | undefined;
}
