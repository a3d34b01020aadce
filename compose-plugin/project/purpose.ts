import type { Model } from '../compose/model.ts';
import type { ImagePolicy } from './get-images.ts';

/** The use that a call makes of the rewritten model. */
export interface Purpose {
  /** Services that the call names; none: all enabled ones. */
  services: readonly string[];
  withDependencies: boolean;
  /**
   * `start`: makes images, twins and the runtime volume. `show`: makes nothing outside the state folder.
   * `preview`: like `show`, but images may be missing. `plan`: makes nothing, and images may be missing.
   */
  kind: 'start' | 'show' | 'preview' | 'plan';
  policy: ImagePolicy;
  /** Whether Compose replaces replicas of another image; true by default. */
  recreates?: boolean;
  /** How the user agrees to the resources in AWS. */
  consent?: Consent | undefined;
}

/**
 * How the user agrees to costs: by `--yes`, by an answer to every plan, or by an answer to a plan with
 * changes.
 */
export type Consent = 'given' | 'always' | 'changes';

/** The rewritten project. */
export interface Prepared {
  model: Model;
  /** The override file; undefined: nothing in the project is boxed. */
  override: string | undefined;
  /** Whether the override has placeholders. It is then in a temporary folder, which the caller removes. */
  preview?: boolean;
  /**
   * Name -> id of every image from which the override was made. Left out where the override depends on more
   * than the engine's images and what `inputsDigest` covers, such as the user's profile of AWS.
   */
  images?: ReadonlyMap<string, string>;
}
