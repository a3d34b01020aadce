import type { ProviderName } from '../../compose/provider-names.ts';
import type { Architecture } from '../../compose/settings.ts';
import type { Launch } from './launches.ts';
import { PRICES_DATE, pricesOf, REFERENCE_REGION } from './prices.ts';
import { replicaCost } from './rate.ts';

/** What functions that have ended used, by the function's name. */
export type Billing = Readonly<
  Record<string, { readonly invocations: number; readonly billedMs: number; readonly gbSeconds: number }>
>;

/** The usage of a service so far, in GB-seconds and dollars, and its cost per hour from now on. */
export interface ServiceUsage {
  service: string;
  running: number;
  /** The number of ended functions that the figures include. */
  ended: number;
  gbSeconds: number;
  cost: number;
  /** dollars per hour for the functions that run now */
  perHour: number;
}

/** The shape of `docker boxer cost --json`. */
export interface ProjectCost {
  project: string;
  provider: ProviderName;
  region: string;
  /** The source of the figures. */
  countedBy: 'phantoms' | 'local Lambda and phantoms';
  currency: 'USD';
  pricesOf: string;
  pricesDate: string;
  services: ServiceUsage[];
  gbSeconds: number;
  cost: number;
  perHour: number;
}

export interface CostInput {
  project: string;
  provider: ProviderName;
  region: string;
  launches: readonly Launch[];
  /** The usage of ended functions; undefined: it is estimated from the phantoms that still exist. */
  billing: Billing | undefined;
  /** Architectures by the engine's id of the image. */
  architectures: ReadonlyMap<string, Architecture>;
}

const HOUR = 3600;

/**
 * Adds up what functions have cost. Pure.
 *
 * With `billing`, ended functions cost what the local Lambda counted, even if their phantom no longer exists.
 * A running function costs its own run time or, if the seed does not tell that time, the run time of its
 * phantom.
 *
 * Without `billing`, the run time of a phantom stands for its present function and for all earlier ones.
 * Functions that run beside the present one, during a renewal, are added.
 */
export function projectCost({
  project,
  provider,
  region,
  launches,
  billing,
  architectures,
}: CostInput): ProjectCost {
  const { prices } = pricesOf(region);
  const services = [...new Set(launches.map(({ service }) => service))].sort().map((service) => {
    const own = launches.filter((one) => one.service === service);
    const total: ServiceUsage = { service, running: 0, ended: 0, gbSeconds: 0, cost: 0, perHour: 0 };
    for (const launch of own) {
      if (!launch.running && billing !== undefined) continue;
      const shape = { ...launch, architecture: architectures.get(launch.image) ?? 'x86_64' };
      const [serving = launch.seconds, ...others] = launch.functions;
      const seconds = [billing === undefined ? launch.seconds : serving, ...others].reduce((a, b) => a + b);
      total.gbSeconds += (seconds * launch.memorySize) / 1024;
      total.cost += replicaCost(shape, seconds, prices);
      if (!launch.running) total.ended += 1;
      else {
        total.running += 1 + others.length;
        total.perHour += replicaCost(shape, HOUR, prices) * (1 + others.length);
      }
    }
    for (const name of new Set(own.map(({ functionName }) => functionName))) {
      const counted = billing?.[name];
      const shape = own.find((one) => one.functionName === name);
      if (counted === undefined || shape === undefined) continue;
      total.ended += counted.invocations;
      total.gbSeconds += counted.gbSeconds;
      const architecture = architectures.get(shape.image) ?? 'x86_64';
      const storage = (counted.billedMs / 1000) * (Math.max(0, shape.ephemeralStorage - 512) / 1024);
      total.cost += counted.gbSeconds * prices.gbSecond[architecture];
      total.cost += storage * prices.storageGbSecond + counted.invocations * prices.request;
    }
    return total;
  });
  const sum = (of: (one: ServiceUsage) => number) => services.reduce((all, one) => all + of(one), 0);
  return {
    ...{ project, provider, region },
    countedBy: billing === undefined ? 'phantoms' : 'local Lambda and phantoms',
    currency: 'USD',
    pricesOf: pricesOf(region).exact ? region : REFERENCE_REGION,
    pricesDate: PRICES_DATE,
    services,
    gbSeconds: sum(({ gbSeconds }) => gbSeconds),
    cost: sum(({ cost }) => cost),
    perHour: sum(({ perHour }) => perHour),
  };
}
