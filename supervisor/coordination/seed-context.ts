import type { SeedConfig } from '../published/node-config.ts';
import type { Absentees } from './absentees.ts';
import type { Admission } from './admission.ts';
import type { FilterProbe } from './filter-probe.ts';
import type { Flows } from './flows.ts';
import type { Gateways } from './gateways.ts';
import type { Launches } from './launches.ts';
import type { Meetings } from './meetings.ts';
import type { MembershipStream } from './membership-stream.ts';
import type { NamePolicy } from './name-policy.ts';
import type { NodeLedger } from './node-ledger.ts';
import type { NodeRegistry } from './node-registry.ts';
import type { PeerSeeds } from './peer-seeds.ts';
import type { PhantomWays } from './phantom-ways.ts';
import type { Probes } from './probes.ts';
import type { Quotas } from './quotas.ts';
import type { Relays } from './relays.ts';

/** The parts of one seed, for the sessions that it serves. */
export interface SeedContext {
  readonly config: SeedConfig;
  readonly admission: Admission;
  readonly launches: Launches;
  readonly ledger: NodeLedger;
  readonly absentees: Absentees;
  readonly registry: NodeRegistry;
  /** The other seeds, where several share a store. */
  readonly peerSeeds: () => PeerSeeds | undefined;
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
  /** Ports where nodes learn how they are seen. */
  readonly observers: readonly number[];
  /** One line, no line end. */
  readonly log: (line: string) => void;
}
