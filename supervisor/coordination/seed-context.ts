import type { SeedConfig } from '../published/node-config.ts';
import type { Admission } from './admission.ts';
import type { Flows } from './flows.ts';
import type { Gateways } from './gateways.ts';
import type { Generations } from './generations.ts';
import type { MembershipStream } from './membership-stream.ts';
import type { NodeRegistry } from './node-registry.ts';

/** The parts of one seed, for the sessions that it serves. */
export interface SeedContext {
  readonly config: SeedConfig;
  readonly admission: Admission;
  readonly generations: Generations;
  readonly registry: NodeRegistry;
  readonly stream: MembershipStream;
  readonly gateways: Gateways;
  readonly flows: Flows;
  /** One line, no line end. */
  readonly log: (line: string) => void;
}
