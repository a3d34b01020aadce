import type { Difference } from '../functions/compare.ts';
import type { Openings } from '../openings.ts';

/** One thing in the account, and what will happen to it. Sizes in bytes. */
export type Resource =
  | { kind: 'repository'; action: 'create' | 'leave'; name: string }
  | {
      kind: 'image';
      action: 'create' | 'leave';
      name: string;
      service: string;
      architecture: string;
      /** Known once it is pushed. */
      digest?: string;
      /** Packed where it is pushed, else unpacked and without the runtime. */
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
      /** What is not as it should be; empty unless `change`. */
      changes: Difference[];
      /** Why it is made anew. */
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
  /** Of all replicas. */
  perHour: number;
  /** Seconds; absent: functions are not renewed. */
  renewal?: {
    /** From one successor to the next. */
    every: number;
    /** How long a replica is two functions, at most: what that costs is in none of the amounts. */
    overlap: number;
    /** Reserved concurrency that all replicas use up: their successors are throttled. */
    noRoom?: boolean;
  };
}

/** What `up` would do, and what it costs. The shape of `docker boxer plan --json`. */
export interface Plan {
  project: string;
  provider: 'local' | 'aws';
  region: string;
  /** Undefined until a repository tells it. */
  account?: string;
  resources: Resource[];
  /** IAM actions that carrying it out takes, sorted. */
  actions: string[];
  /** What has to be open for functions on AWS; absent: nothing, or nobody knows where. */
  openings?: Openings;
  /** Services without an image on this engine yet: they are not in `resources`. */
  missingImages: string[];
  cost: {
    currency: 'USD';
    pricesOf: string;
    pricesDate: string;
    /** False: the region is not in the price table. */
    exact: boolean;
    services: ServiceCost[];
    perHour: number;
    /** Of what is in the repository already. */
    storagePerMonth: number;
  };
}

/** Whether carrying it out changes anything in the account. */
export const changesAnything = ({ resources }: Plan): boolean =>
  resources.some(({ action }) => action !== 'leave');
