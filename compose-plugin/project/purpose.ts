import type { Model } from '../compose/model.ts';
import type { ImagePolicy } from './get-images.ts';

/** What a call is going to do with the rewritten model. */
export interface Purpose {
  /** Services that the call names; none: all enabled ones. */
  services: readonly string[];
  withDependencies: boolean;
  /** `start`: images, twins and volume are made; `show`: nothing outside the state folder is; `preview`: images may be missing, and then nothing is; `plan`: nothing is, and images may be missing. */
  kind: 'start' | 'show' | 'preview' | 'plan';
  policy: ImagePolicy;
  /** Whether replicas of another image are replaced; unless told otherwise they are. */
  recreates?: boolean;
  /** Of what is going to be made in an AWS account. */
  consent?: Consent | undefined;
}

/** How the user agrees to what costs money: `--yes`, by an answer to every plan, or to one that changes something. */
export type Consent = 'given' | 'always' | 'changes';

/** The rewritten project. */
export interface Prepared {
  model: Model;
  /** The override file; undefined: nothing in the project is boxed. */
  override: string | undefined;
  /** The override has placeholders and stands in a folder of its own, for the caller to remove. */
  preview?: boolean;
}
