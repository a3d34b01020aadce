import { type RelaySettings, SEED_PORT } from '../../supervisor/published/node-config.ts';
import { DEFAULT_PROVIDER, type ProviderName } from './provider-names.ts';
import { megabytes, seconds } from './units.ts';
import { MIN_LIFETIME, type ProjectInput, portsOf, type ServiceInput } from './x-boxer-schema.ts';

/** A processor architecture, as Lambda names it. */
export type Architecture = 'x86_64' | 'arm64';

/** A service's x-boxer with every default filled in, in base units. */
export interface ServiceSettings {
  target: 'lambda' | 'container';
  /** MB; undefined: from the service's memory limit. */
  memory: number | undefined;
  /** seconds */
  timeout: number;
  /**
   * Of a function that is renewed: its life, and how long before its end that begins, seconds; undefined: it
   * is not.
   */
  renewal: { lifetime: number; before: number | undefined } | undefined;
  /** MB */
  ephemeralStorage: number;
  /** undefined: the image's architecture */
  architecture: Architecture | undefined;
  /** ARN; undefined: the project's */
  role: string | undefined;
  /** Reserved concurrency on AWS; undefined: none. */
  concurrency: number | undefined;
  names: string[];
  environment: { include: string[]; exclude: string[] };
  remap: Record<string, string>;
  waitFor: { nodes?: number; names?: Record<string, number>; timeout: number } | undefined;
}

/** The project's x-boxer with every default filled in. */
export interface ProjectSettings {
  provider: ProviderName;
  /** undefined: the region of the AWS configuration */
  region: string | undefined;
  /** ARN of the functions' execution role. */
  role: string | undefined;
  /** AWS profile of the phantoms, or `instance`; undefined: the caller's credentials. */
  credentials: string | undefined;
  /** The address at which functions on AWS reach the seed. */
  advertise: { host: string; port: number } | undefined;
  /** CIDR */
  network: string;
  /** NATS servers that store the seed's state; undefined: a volume stores it. */
  store: { servers: string[]; tls: boolean } | undefined;
  /** Number of seeds that share the store. */
  seeds: number;
  /** File with the credentials for the store. */
  storeCredentials: string | undefined;
  /** Port of the seed's metrics; undefined: none. */
  metrics: number | undefined;
  /** Log setting of the seed; undefined: the default. */
  log: string | undefined;
  /** Number of relays besides the seed's relay. */
  relays: number;
  /** Settings of the seed's relay and of all others. */
  relay: RelaySettings;
  /** seconds until Docker kills a stopped seed or relay; undefined: Docker's own default */
  stopGracePeriod: number | undefined;
}

/** Fills in what a service's x-boxer leaves out. */
export function serviceSettings(input: ServiceInput): ServiceSettings {
  const long = typeof input === 'string' ? { target: input } : input;
  const waitFor = long['wait-for'];
  const timeout = secondsOf(long.timeout) ?? 900;
  return {
    target: long.target ?? 'lambda',
    memory: long.memory === undefined ? undefined : megabytes(long.memory),
    timeout,
    renewal: renewalOf(long, timeout),
    ephemeralStorage: megabytes(long['ephemeral-storage'] ?? 512) ?? 512,
    architecture: long.architecture,
    role: long.role,
    concurrency: long.concurrency,
    names: long.names ?? [],
    environment: { include: long.environment?.include ?? [], exclude: long.environment?.exclude ?? [] },
    remap: long.remap ?? {},
    waitFor: waitFor && {
      ...(waitFor.nodes === undefined ? {} : { nodes: waitFor.nodes }),
      ...(waitFor.names === undefined ? {} : { names: waitFor.names }),
      timeout: seconds(waitFor.timeout ?? 60) ?? 60,
    },
  };
}

/** `host[:port]` */
function advertised(text: string | undefined) {
  const [host = '', port] = text?.split(':') ?? [];
  return text === undefined ? undefined : { host, port: Number(port ?? SEED_PORT) };
}

function renewalOf({ lifetime, renew }: Exclude<ServiceInput, string>, timeout: number) {
  const life = secondsOf(lifetime) ?? timeout;
  // A function with a timeout of seconds is meant to end, so it is not renewed.
  if (renew === false || life < MIN_LIFETIME) return undefined;
  return { lifetime: life, before: secondsOf(renew?.before) };
}

/** The default port of the seed's metrics. */
const METRICS_PORT = 9464;

/** Fills in what the project's x-boxer leaves out. */
export function projectSettings(input: ProjectInput): ProjectSettings {
  return {
    provider: input.provider ?? DEFAULT_PROVIDER,
    region: input.region,
    role: input.role,
    credentials: input.credentials,
    advertise: advertised(input.seed?.advertise),
    network: input.network ?? '198.18.0.0/15',
    store: storeServers(input.seed?.store),
    seeds: input.seed?.replicas ?? 1,
    storeCredentials: input.seed?.['store-credentials'],
    metrics: input.seed?.metrics === false ? undefined : (input.seed?.metrics ?? METRICS_PORT),
    log: input.log,
    relays: input.seed?.relays ?? 0,
    ...relaySettings(input.seed ?? {}),
  };
}

/** The part of Docker's grace period, in seconds, in which a seed resets remaining connections and exits. */
const TO_EXIT = 1;

function storeServers(url: string | undefined) {
  const [scheme = '', hosts = ''] = url?.split('://') ?? [];
  return url === undefined ? undefined : { servers: hosts.split(','), tls: scheme === 'tls' };
}

function relaySettings(seed: NonNullable<ProjectInput['seed']>) {
  const stopGracePeriod = secondsOf(seed['stop-grace-period']);
  const idleTimeout = secondsOf(seed['idle-timeout']);
  const ports = portsOf(seed['relay-ports'] ?? '');
  const relay: RelaySettings = {
    ...(seed['relay-port'] === undefined ? {} : { port: seed['relay-port'] }),
    ...(ports === undefined ? {} : { ports }),
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(stopGracePeriod === undefined ? {} : { drain: Math.max(0, stopGracePeriod - TO_EXIT) }),
  };
  return { relay, stopGracePeriod };
}

const secondsOf = (value: string | number | undefined) => (value === undefined ? undefined : seconds(value));

/** MB with which a function has one vCPU. */
const DEFAULT_MEMORY = 1769;

/** Memory of the function in MB: x-boxer's, else the service's limit (bytes) within the range of Lambda. */
export function functionMemory(settings: ServiceSettings, limitBytes: number | undefined): number {
  if (settings.memory !== undefined) return settings.memory;
  if (limitBytes === undefined || !(limitBytes > 0)) return DEFAULT_MEMORY;
  return Math.min(10_240, Math.max(128, Math.ceil(limitBytes / 2 ** 20)));
}
