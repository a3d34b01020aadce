import type { Billing } from '../aws/cost/project-cost.ts';
import type { Plan } from '../aws/plan/plan.ts';
import type { OwnImages } from '../compose/images-file.ts';
import type { ProviderName } from '../compose/provider-names.ts';
import type { LambdaAccess } from '../compose/rewrite/lambda-access.ts';
import type { ProjectSettings } from '../compose/settings.ts';
import type { Docker } from '../engine/docker.ts';
import type { Phantom } from '../project/phantoms.ts';
import type { ReadProject } from '../project/project-data.ts';
import type { Consent } from '../project/purpose.ts';
import type { Work } from '../project/work.ts';
import type { Account } from './account.ts';
import type { WithProbe } from './with-probe.ts';

/** A place where functions run. */
export interface Provider {
  readonly name: ProviderName;

  /** Tags of those of Boxer's own images that the provider needs besides the runtime's. */
  readonly ownImages: (own: OwnImages) => readonly OwnImages['lambdaLocal'][];

  /**
   * Whether the function of a phantom is one of this provider. One provider says so, and the others deny it.
   */
  readonly isProviderOf: (twin: Phantom['twin']) => boolean;

  /** How phantoms reach the Lambda API, and what the override needs. Makes nothing. */
  readonly access: (engine: Docker, settings: ProjectSettings) => Promise<LambdaAccess>;

  /** Start of a project. The methods are called in this order, with the boxed services that are started. */
  readonly start: {
    /** Makes the functions that phantoms do not make. Nothing of the project has been written by then. */
    readonly deploy: (
      work: Work,
      project: ReadProject,
      access: LambdaAccess,
      consent: Consent,
    ) => Promise<void>;
    /**
     * Makes what phantoms and their functions need on this machine, in the engine and in the state folder.
     */
    readonly equip: (work: Work, project: ReadProject, access: LambdaAccess) => Promise<void>;
    /** Replaces functions of running replicas that Compose is about to replace. */
    readonly renew: (
      work: Work,
      project: string,
      override: unknown,
      services: ReadonlySet<string>,
    ) => Promise<void>;
  };

  /** What `up` would do, as data and as text. Changes nothing. */
  readonly plan: (work: Work, project: ReadProject) => Promise<{ plan: Plan; text: string }>;

  /** `docker boxer cost` */
  readonly cost: {
    /** What stands above the table of costs. */
    readonly title: (region: string) => string;
    /** What functions that have ended used; undefined: nobody counts it. */
    readonly billing: (engine: Docker, project: string) => Promise<Billing | undefined>;
  };

  /** `docker boxer probe` */
  readonly probe: {
    /** The provider as the report's heading names it. */
    readonly title: (region: string) => string;
    readonly withProbe: WithProbe;
  };

  /** What the provider keeps outside of this machine; undefined: nothing. */
  readonly account: Account | undefined;
}
