import type { FunctionShape } from '../../../supervisor/published/twin-names.ts';
import type { OwnImages } from '../images-file.ts';

/** The part of an override that depends on the provider only. */
export interface FunctionRules {
  /** The name of a service's function. */
  readonly functionName: (project: string, service: string, shape: FunctionShape) => string;
  /**
   * Who creates and updates a function: its phantoms whenever they need it, or only the plugin before it
   * starts phantoms.
   */
  readonly madeBy: 'phantoms' | 'plugin';
  /**
   * Whether functions reach the seed at `seed.advertise`; otherwise they share the engine's networks with it.
   */
  readonly isOutside: boolean;
}

/** How phantoms reach the Lambda API of a provider, and what its functions need in the override. */
export interface LambdaAccess extends FunctionRules {
  readonly region: string;
  /** URL; undefined: AWS's endpoint of the region */
  readonly endpoint: string | undefined;
  /** Whether phantoms get a file with credentials; otherwise the SDK finds the credentials of the machine. */
  readonly credentials: boolean;
  /**
   * Makes the service of the override that answers the Lambda API, or undefined if its image is not built.
   * Left out where the API is no part of the project.
   */
  readonly lambdaService?: (project: string, images: OwnImages) => Record<string, unknown> | undefined;
}
