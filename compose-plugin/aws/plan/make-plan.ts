import type { ProviderName } from '../../compose/provider-names.ts';
import { PRICES_DATE, pricesOf, REFERENCE_REGION } from '../cost/prices.ts';
import { replicaCost } from '../cost/rate.ts';
import { type Difference, differences } from '../functions/compare.ts';
import type { FunctionState } from '../functions/state.ts';
import type { Openings } from '../openings.ts';
import { ecrTag, type PushedImage, storedBytes } from '../registry/images.ts';
import type { RepositoryState } from '../registry/repository.ts';
import type { WantedFunction } from '../wanted.ts';
import type { Plan, Resource, ServiceCost } from './plan.ts';

/** The account as it was found. */
export interface AccountState {
  repository: RepositoryState | undefined;
  /** Images by tag. */
  images: ReadonlyMap<string, PushedImage>;
  /** Functions by name. */
  functions: ReadonlyMap<string, FunctionState>;
}

export interface PlanInput {
  project: string;
  provider: ProviderName;
  region: string;
  wanted: readonly WantedFunction[];
  missingImages: readonly string[];
  state: AccountState;
  /** The ports to open for a project on AWS. */
  openings?: Openings | undefined;
  /** The repository of images; undefined: they stay on this engine. */
  repository: string | undefined;
  /** Tags of the twins that functions can run from without a push. */
  built: ReadonlySet<string>;
  /** What the plan calls a function. */
  nameOf: (wanted: WantedFunction) => string;
  /** The permissions that making the resources takes. */
  actionsFor: (resources: readonly Resource[]) => string[];
}

/** Compares the wanted functions with the state of the account. Pure. */
export function makePlan(input: PlanInput): Plan {
  const { project, provider, region, wanted, missingImages } = input;
  const resources: Resource[] = wanted.flatMap((one) => [imageOf(input, one), functionOf(input, one)]);
  if (input.repository !== undefined && wanted.length > 0) {
    const action = input.state.repository === undefined ? 'create' : 'leave';
    resources.unshift({ kind: 'repository', action, name: input.repository });
  }
  const account = input.state.repository?.account;
  return {
    project,
    provider,
    region,
    ...(account === undefined ? {} : { account }),
    resources,
    actions: input.actionsFor(resources),
    ...(input.openings === undefined ? {} : { openings: input.openings }),
    missingImages: [...missingImages],
    cost: costOf(input),
  };
}

function imageOf({ repository, state, built }: PlanInput, one: WantedFunction): Resource {
  const tag = ecrTag(one.service, one.twin);
  const pushed = state.images.get(tag);
  const exists = pushed !== undefined || built.has(one.twin);
  return {
    kind: 'image',
    action: exists ? 'leave' : 'create',
    name: repository === undefined ? one.twin : `${repository}:${tag}`,
    service: one.service,
    architecture: one.architecture,
    ...(pushed === undefined ? {} : { digest: pushed.digest }),
    size: pushed?.size ?? one.imageSize,
    pushed: pushed !== undefined,
  };
}

function functionOf({ state, nameOf }: PlanInput, one: WantedFunction): Resource {
  const found = state.functions.get(one.functionName);
  const image = state.images.get(ecrTag(one.service, one.twin));
  const uri =
    image === undefined || state.repository === undefined
      ? undefined
      : `${state.repository.uri}@${image.digest}`;
  const changes: Difference[] = found === undefined ? [] : differences(one, found, uri);
  const broken = found?.state === 'Failed';
  return {
    kind: 'function',
    action: found === undefined ? 'create' : broken ? 'replace' : changes.length > 0 ? 'change' : 'leave',
    name: nameOf(one),
    service: one.service,
    memorySize: one.memorySize,
    timeout: one.timeout,
    ephemeralStorage: one.ephemeralStorage,
    architecture: one.architecture,
    ...(one.role === undefined ? {} : { role: one.role }),
    ...(one.concurrency === undefined ? {} : { concurrency: one.concurrency }),
    changes: broken ? [] : changes,
    ...(broken ? { reason: `it failed: ${found.reason ?? 'for a reason that Lambda does not name'}` } : {}),
  };
}

const HOUR = 3600;

function renewalOf({ renewal, concurrency, replicas }: WantedFunction): Pick<ServiceCost, 'renewal'> {
  if (renewal === undefined) return {};
  const noRoom = concurrency !== undefined && concurrency <= replicas;
  const { lifetime, before } = renewal;
  return { renewal: { every: lifetime - before, overlap: before, ...(noRoom ? { noRoom } : {}) } };
}

function costOf({ region, wanted, state }: PlanInput): Plan['cost'] {
  const { prices, exact } = pricesOf(region);
  const services = wanted.map((one) => {
    const perReplicaHour = replicaCost(one, HOUR, prices);
    return {
      service: one.service,
      memorySize: one.memorySize,
      architecture: one.architecture,
      replicas: one.replicas,
      perReplicaHour,
      per1000ReplicaMinutes: replicaCost(one, 60_000, prices),
      perHour: perReplicaHour * one.replicas,
      ...renewalOf(one),
    };
  });
  return {
    currency: 'USD',
    pricesOf: exact ? region : REFERENCE_REGION,
    pricesDate: PRICES_DATE,
    exact,
    services,
    perHour: services.reduce((sum, { perHour }) => sum + perHour, 0),
    storagePerMonth: (storedBytes(state.images) / 2 ** 30) * prices.ecrGbMonth,
  };
}
