import type { Logger } from '../log/logger.ts';
import type { SeedConfig } from '../published/node-config.ts';
import type { FilterProbe } from './flows/filter-probe.ts';
import type { Flows } from './flows/flows.ts';
import type { Gateways } from './flows/gateways.ts';
import type { Meetings } from './flows/meetings.ts';
import type { PhantomWays } from './flows/phantom-ways.ts';
import type { Probes } from './flows/probes.ts';
import type { Relays } from './flows/relays.ts';
import type { MembershipStream } from './membership/membership-stream.ts';
import type { Absentees } from './nodes/absentees.ts';
import type { Launches } from './nodes/launches.ts';
import type { NamePolicy } from './nodes/name-policy.ts';
import type { NodeLedger } from './nodes/node-ledger.ts';
import type { NodeRegistry } from './nodes/node-registry.ts';
import type { PeerSeeds } from './peers/peer-seeds.ts';
import type { Admission } from './sessions/admission.ts';
import type { Quotas } from './sessions/quotas.ts';

/** The parts of one seed that its sessions use. */
export interface SeedContext {
  readonly config: SeedConfig;
  readonly admission: Admission;
  readonly launches: Launches;
  readonly ledger: NodeLedger;
  readonly absentees: Absentees;
  readonly registry: NodeRegistry;
  /** The other seeds, if several share a store. */
  readonly peerSeeds: PeerSeeds | undefined;
  readonly stream: MembershipStream;
  readonly gateways: Gateways;
  readonly flows: Flows;
  readonly phantomWays: PhantomWays;
  readonly relays: Relays;
  readonly meetings: Meetings;
  readonly filterProbe: FilterProbe;
  readonly probes: Probes;
  readonly names: NamePolicy;
  readonly quotas: Quotas;
  /** Ports where a node learns the endpoint from which the seed sees it. */
  readonly observers: readonly number[];
  /** Logs a line, which has no line end. */
  readonly log: Logger;
}
