import type { ProviderName } from '../../compose/provider-names.ts';
import type { Difference } from '../functions/compare.ts';
import type { Openings } from '../openings.ts';

/** One resource of the account, and the action that the plan takes on it. Sizes are in bytes. */
export type Resource =
  | { kind: 'repository'; action: 'create' | 'leave'; name: string }
  | {
      kind: 'image';
      action: 'create' | 'leave';
      name: string;
      service: string;
      architecture: string;
      /** The digest, known once the image is pushed. */
      digest?: string;
      /** The compressed size if the image is pushed, else the unpacked size without the runtime. */
      size: number;
      pushed: boolean;
    }
  | {
      kind: 'function';
      action: 'create' | 'change' | 'replace' | 'leave';
      name: string;
      service: string;
      memorySize: number;
      timeout: number;
      ephemeralStorage: number;
      architecture: string;
      role?: string;
      concurrency?: number;
      /** The differences from the wanted function; empty unless the action is `change`. */
      changes: Difference[];
      /** Why the function is created again. */
      reason?: string;
    };

/** Dollars; the amounts are for one replica unless they say otherwise. */
export interface ServiceCost {
  service: string;
  memorySize: number;
  architecture: string;
  replicas: number;
  perReplicaHour: number;
  per1000ReplicaMinutes: number;
  /** The cost of all replicas per hour. */
  perHour: number;
  /** How functions are renewed, in seconds; absent: functions are not renewed. */
  renewal?: {
    /** From one successor to the next. */
    every: number;
    /** How long a replica has two functions at most. None of the amounts includes the second function. */
    overlap: number;
    /** Whether the replicas use up the reserved concurrency, so that Lambda throttles their successors. */
    noRoom?: boolean;
  };
}

/** The actions that `up` would take, and their cost. The shape of `docker boxer plan --json`. */
export interface Plan {
  project: string;
  provider: ProviderName;
  region: string;
  /** The account's id; undefined until the repository exists. */
  account?: string;
  resources: Resource[];
  /** The sorted IAM actions that the plan needs. */
  actions: string[];
  /** The ports to open for functions on AWS; absent: none, or the host is unknown. */
  openings?: Openings;
  /** Services whose image this engine does not have yet. `resources` leaves them out. */
  missingImages: string[];
  cost: {
    currency: 'USD';
    pricesOf: string;
    pricesDate: string;
    /** Whether the region is in the price table. */
    exact: boolean;
    services: ServiceCost[];
    perHour: number;
    /** The cost of the images that the repository has already. */
    storagePerMonth: number;
  };
}

/** Whether the plan changes anything in the account. */
export const changesAnything = ({ resources }: Plan): boolean =>
  resources.some(({ action }) => action !== 'leave');
