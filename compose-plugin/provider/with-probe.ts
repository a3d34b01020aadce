import type { ProbeConfig } from '../../supervisor/published/probe.ts';
import type { LambdaAccess } from '../compose/rewrite/lambda-access.ts';
import type { ReadProject } from '../project/project-data.ts';
import type { Consent } from '../project/purpose.ts';
import type { Work } from '../project/work.ts';

/**
 * A function that measures its environment, and the address at which it reaches the seed, if there is one.
 */
export type ProbeTarget = Pick<ProbeConfig, 'twin' | 'seed'>;

/** Runs `use` with a function that measures its environment, and removes all that it made for it. */
export type WithProbe = <T>(
  work: Work,
  project: ReadProject,
  access: LambdaAccess,
  consent: Consent,
  use: (target: ProbeTarget) => Promise<T>,
) => Promise<T>;
