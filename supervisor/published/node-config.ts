import * as z from 'zod/mini';

/**
 * The environment variable through which the rewrite configures the entrypoint. It never contains a secret.
 */
export const CONFIG_VARIABLE = 'BOXER';

/** The environment variable that says which lines are logged and in which form: `LEVEL` or `LEVEL,json`. */
export const LOG_VARIABLE = 'BOXER_LOG';

/**
 * The file with a container's key, 32 bytes in hex: for the seed the project key, for any other container the
 * key of its service.
 */
export const KEY_FILE = '/run/secrets/boxer-key';

/**
 * The file with a phantom's credentials for the Lambda API, if the phantom is given any. Its content is JSON,
 * see `awsCredentials`.
 */
export const AWS_CREDENTIALS_FILE = '/run/secrets/boxer-aws';

/**
 * Credentials as the plugin hands them to phantoms. `expiration` is in ISO 8601, and is absent if the
 * credentials do not expire.
 */
export const awsCredentials = z.object({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  sessionToken: z.optional(z.string()),
  expiration: z.optional(z.string()),
});

/** The file with the seed's credentials for the servers of its store, if these servers require any. */
export const STORE_CREDENTIALS_FILE = '/run/secrets/boxer-store';

/** This name resolves to the seed on the network that stands for the internet, and on no other network. */
export const SEED_CLOUD_NAME = 'seed.boxer.internal';

/** The largest payload of one invocation that the Lambda API accepts, in bytes. */
export const MAX_EVENT_BYTES = 6 * 1024 * 1024;

/** The port of the seed's control listener. */
export const SEED_PORT = 7070;

/**
 * The service whose containers are relays, in addition to the seed's own relay. It has a service key like any
 * other service.
 */
export const RELAY_SERVICE = 'boxer-relay';

/** Settings of a relay, the seed's own or a separate one. */
const relaySettings = z.object({
  /** The dial-in port; any free one by default. */
  port: z.optional(z.number()),
  /** The ports for initiators; any free ones by default. */
  ports: z.optional(z.object({ first: z.number(), last: z.number() })),
  /**
   * The time without a byte after which a flow is reset, in seconds. By default a flow may be idle forever.
   */
  idleTimeout: z.optional(z.number()),
  /** How long flows may take to end by themselves when the process is told to end, in seconds. */
  drain: z.optional(z.number()),
  /** The most flows at the same time. */
  flows: z.optional(z.number()),
});
export type RelaySettings = z.infer<typeof relaySettings>;

/** The configuration of a relay's entrypoint. */
export const relayConfig = z.object({
  version: z.literal(1),
  project: z.string(),
  relay: z.optional(relaySettings),
});
export type RelayConfig = z.infer<typeof relayConfig>;

/** Names by Compose network of the project. Nodes see each other when they share a network. */
const namesByNetwork = z.record(z.string(), z.array(z.string()));

/**
 * The settings that the rewrite has copied from a service's image into the service, in the form of the Engine
 * API. A setting that the service has itself is absent.
 */
export const imageSettings = z.object({
  entrypoint: z.optional(z.array(z.string())),
  command: z.optional(z.array(z.string())),
  volumes: z.array(z.string()),
  stopSignal: z.optional(z.string()),
});
export type ImageSettings = z.infer<typeof imageSettings>;

/** The data from which a twin was made. With them, a twin can be made from another image of the service. */
export const twinOrigin = z.object({
  /** The id of the service's image. */
  image: z.string(),
  settings: imageSettings,
  /** The tag of the image that contains the runtime; `runtimeId` is the id of this image. */
  runtime: z.string(),
  runtimeId: z.string(),
});
export type TwinOrigin = z.infer<typeof twinOrigin>;

/**
 * The Lambda function of a service, and where it runs. Keys that the Lambda API's CreateFunction has as well
 * have the same meaning.
 */
export const twinConfig = z.object({
  /** `http://host:port` of the local Lambda. Where it is absent, the AWS SDK's own endpoint is used. */
  endpoint: z.optional(z.string()),
  /**
   * The file with the credentials. Where it is absent, the SDK's default provider chain finds them; the local
   * Lambda needs none.
   */
  credentials: z.optional(z.string()),
  region: z.string(),
  functionName: z.string(),
  imageUri: z.string(),
  /** MB */
  memorySize: z.number(),
  /** seconds */
  timeout: z.number(),
  /** MB of /tmp */
  ephemeralStorage: z.number(),
  /**
   * True where the phantom creates a missing function (local provider). Otherwise a missing function is an
   * error.
   */
  createIfMissing: z.boolean(),
  /**
   * Only the local provider has it: it can tell from which image a container was made, and make a twin of
   * that image.
   */
  origin: z.optional(twinOrigin),
});

/**
 * The configuration of the entrypoint of a phantom or a boxed container. The rewrite writes it, and the
 * supervisor reads it.
 */
export const nodeConfig = z.object({
  version: z.literal(1),
  project: z.string(),
  service: z.string(),
  /** Compose networks of the service (keys as in the compose file) with the names it has on each. */
  networks: namesByNetwork,
  /**
   * The environment variables that travel to the guest. `*` matches any run of characters. An empty `include`
   * matches all.
   */
  environment: z.object({ include: z.array(z.string()), exclude: z.array(z.string()) }),
  /**
   * Paths that the guest sees, with their real paths below /tmp: a guest cannot write to its read-only root.
   */
  remap: z.record(z.string(), z.string()),
  /** Paths whose files travel into the function: secrets, configs and read-only bind mounts of a phantom. */
  files: z.optional(z.array(z.string())),
  /**
   * The members that the guest's start waits for: their number, and the number of nodes by name. `timeout` is
   * in seconds.
   */
  waitFor: z.optional(
    z.object({
      nodes: z.optional(z.number()),
      names: z.optional(z.record(z.string(), z.number())),
      timeout: z.number(),
    }),
  ),
  /**
   * Only for phantoms: when a successor replaces the function, and how the function's guest is ended. If this
   * is absent, the function is not renewed. All times are in seconds.
   */
  renewal: z.optional(
    z.object({
      /** The time from the invocation of a function to its end. */
      lifetime: z.number(),
      /** The successor is started this long before the function's end. */
      before: z.number(),
      /** The signal that tells the guest to end, such as SIGTERM. */
      stopSignal: z.string(),
      /** The time between the stop signal and SIGKILL. */
      stopGracePeriod: z.number(),
    }),
  ),
  /** Only for phantoms. */
  twin: z.optional(twinConfig),
});
export type NodeConfig = z.infer<typeof nodeConfig>;

/** The configuration of the seed's entrypoint. */
export const seedConfig = z.object({
  version: z.literal(1),
  project: z.string(),
  /** The overlay's IPv4 range in CIDR form. */
  overlay: z.string(),
  port: z.number(),
  /** The names of unboxed services, by network. The seed resolves them and forwards connections to them. */
  gateways: z.array(z.object({ service: z.string(), networks: namesByNetwork })),
  /**
   * The names of boxed services, by network. The seed does not resolve them: a node that shares no network
   * with a boxed service must not reach it through the seed either.
   */
  boxed: z.optional(z.array(z.object({ service: z.string(), networks: namesByNetwork }))),
  relay: z.optional(relaySettings),
  /**
   * The address at which functions reach the seed that are on none of its networks. `relay.port`,
   * `relay.ports` and `observers` are then reached at the same host under the same numbers. Where this is
   * absent, all nodes are on the seed's own networks.
   */
  advertise: z.optional(z.object({ host: z.string(), port: z.number() })),
  /**
   * Two ports at which the seed tells a client from which address and port the client's connection came. Any
   * free ports by default.
   */
  observers: z.optional(z.array(z.number())),
  /** The port on which the seed serves metrics to Prometheus. Where it is absent, the seed serves none. */
  metrics: z.optional(z.number()),
  /** The store of the data that the seed needs after a restart. If it is absent, the seed stores nothing. */
  store: z.optional(
    z.union([
      z.object({ folder: z.string() }),
      z.object({ nats: z.object({ servers: z.array(z.string()), tls: z.boolean() }) }),
    ]),
  ),
});
export type SeedConfig = z.infer<typeof seedConfig>;

/** The connections of one node to another by one transport. */
export const pairStatus = z.object({
  /** overlay address */
  to: z.string(),
  transport: z.enum(['direct', 'punch', 'relay']),
  why: z.string(),
  /**
   * The number of connections that were opened so far. For direct ones, which the supervisor does not see,
   * the number of those that are open now.
   */
  connections: z.number(),
  /** The round trip in ms, where it is known. */
  rtt: z.optional(z.number()),
});
export type PairStatus = z.infer<typeof pairStatus>;

/** One node in the array that `boxer nodes --json`, run inside the seed's container, prints. */
export const nodeStatus = z.object({
  id: z.number(),
  role: z.enum(['container', 'function']),
  service: z.string(),
  /**
   * `up`: the supervisor is connected. `starting`: the phantom has joined and the function has not.
   * `standby`: the function is about to take over from another one of the same container. `draining`: another
   * function has taken over.
   */
  state: z.enum(['starting', 'standby', 'up', 'draining']),
  names: z.array(z.string()),
  address: z.string(),
  ports: z.array(z.number()),
  /** The Docker container id of the boxed container or the phantom; empty where it is not known. */
  container: z.string(),
  /** The Lambda request id; functions only. */
  requestId: z.optional(z.string()),
  functionName: z.optional(z.string()),
  /** ms since the epoch */
  since: z.number(),
  /** The pairs that the node has used, where the request asked for them. */
  pairs: z.optional(z.array(pairStatus)),
});
export type NodeStatus = z.infer<typeof nodeStatus>;

/** One line of `boxer nodes --watch`. A node that left is shown as it was before. */
export const nodeEvent = z.object({
  /** ms since the epoch */
  time: z.number(),
  event: z.enum(['starting', 'standby', 'up', 'draining', 'changed', 'left']),
  node: nodeStatus,
});
export type NodeEvent = z.infer<typeof nodeEvent>;
