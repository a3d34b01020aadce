import * as z from 'zod/mini';

/** Name of the one environment variable through which the rewrite configures the entrypoint; never a secret. */
export const CONFIG_VARIABLE = 'BOXER';

/** Name of the variable that says which lines are logged and how: `LEVEL` or `LEVEL,json`. */
export const LOG_VARIABLE = 'BOXER_LOG';

/** Where a container finds its key: hex, 32 bytes. Of the seed the project key, of any other container its service's key. */
export const KEY_FILE = '/run/secrets/boxer-key';

/** Where a phantom finds credentials for the Lambda API, where it is given any: JSON, see `awsCredentials`. */
export const AWS_CREDENTIALS_FILE = '/run/secrets/boxer-aws';

/** Credentials as the plugin hands them to phantoms; `expiration` in ISO 8601, absent for ones that do not expire. */
export const awsCredentials = z.object({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  sessionToken: z.optional(z.string()),
  expiration: z.optional(z.string()),
});

/** Where the seed finds its credentials for the servers of its store, if they want any. */
export const STORE_CREDENTIALS_FILE = '/run/secrets/boxer-store';

/** Resolves to the seed on the network that stands for the internet, and only there. */
export const SEED_CLOUD_NAME = 'seed.boxer.internal';

/** What the Lambda API takes as the payload of one invocation, in bytes. */
export const MAX_EVENT_BYTES = 6 * 1024 * 1024;

/** Port of the seed's control listener. */
export const SEED_PORT = 7070;

/** The service whose containers are relays beside the seed's own; its key is that of a service. */
export const RELAY_SERVICE = 'boxer-relay';

/** Of the seed's relay, or of one of its own. */
const relaySettings = z.object({
  /** The dial-in port; any free one unless told otherwise. */
  port: z.optional(z.number()),
  /** Where initiators' ports are taken from; any free ones unless told otherwise. */
  ports: z.optional(z.object({ first: z.number(), last: z.number() })),
  /** seconds without a byte after which a flow is reset; unless told otherwise it may idle for ever */
  idleTimeout: z.optional(z.number()),
  /** seconds that flows have to end by themselves when the process is told to end */
  drain: z.optional(z.number()),
  /** Flows at the same time. */
  flows: z.optional(z.number()),
});
export type RelaySettings = z.infer<typeof relaySettings>;

/** What the entrypoint of a relay is told. */
export const relayConfig = z.object({
  version: z.literal(1),
  project: z.string(),
  relay: z.optional(relaySettings),
});
export type RelayConfig = z.infer<typeof relayConfig>;

/** Names per Docker network of the project; nodes see each other when they share a network. */
const namesByNetwork = z.record(z.string(), z.array(z.string()));

/** What of its image the rewrite has put into a service, as Docker has it; absent what the service says itself. */
export const imageSettings = z.object({
  entrypoint: z.optional(z.array(z.string())),
  command: z.optional(z.array(z.string())),
  volumes: z.array(z.string()),
  stopSignal: z.optional(z.string()),
});
export type ImageSettings = z.infer<typeof imageSettings>;

/** From what a twin was made, and can be made again for another image of the service. */
export const twinOrigin = z.object({
  /** Id of the service's image. */
  image: z.string(),
  settings: imageSettings,
  /** Tag and id of the image with the runtime. */
  runtime: z.string(),
  runtimeId: z.string(),
});
export type TwinOrigin = z.infer<typeof twinOrigin>;

/** A twin, in the words of the Lambda API's CreateFunction. */
export const twinConfig = z.object({
  /** `http://host:port` of the local Lambda; absent: the AWS SDK's own endpoint. */
  endpoint: z.optional(z.string()),
  /** File with credentials for it; absent: the SDK's own chain, and none where `endpoint` is the local Lambda's. */
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
  /** The phantom creates a function that is not there (local provider); otherwise that is an error. */
  createIfMissing: z.boolean(),
  /** Where the provider can tell what a container was made from, and make another twin: the local one. */
  origin: z.optional(twinOrigin),
});

/** What the entrypoint of a phantom or a boxed container is told. Written by the rewrite, read by the supervisor. */
export const nodeConfig = z.object({
  version: z.literal(1),
  project: z.string(),
  service: z.string(),
  /** Compose networks of the service (keys as in the compose file) with the names it has on each. */
  networks: namesByNetwork,
  /** Environment variables that travel to the guest; `*` matches any run of characters. Empty include: all. */
  environment: z.object({ include: z.array(z.string()), exclude: z.array(z.string()) }),
  /** Visible path -> path below /tmp, for guests that write to a read-only root. */
  remap: z.record(z.string(), z.string()),
  /** Paths whose files travel into the function: secrets, configs and read-only bind mounts of a phantom. */
  files: z.optional(z.array(z.string())),
  /** Gates that must be met before the guest starts; timeout in seconds. */
  waitFor: z.optional(
    z.object({
      nodes: z.optional(z.number()),
      names: z.optional(z.record(z.string(), z.number())),
      timeout: z.number(),
    }),
  ),
  /** Only for phantoms: when the function is replaced by another, and how its guest is ended; absent: it is not. All in seconds. */
  renewal: z.optional(
    z.object({
      /** Of one function, from its invocation to its end. */
      lifetime: z.number(),
      /** Its successor is started so long before its end. */
      before: z.number(),
      /** What tells the guest to end, such as SIGTERM. */
      stopSignal: z.string(),
      /** How long the guest may take then. */
      stopGracePeriod: z.number(),
    }),
  ),
  /** Only for phantoms. */
  twin: z.optional(twinConfig),
});
export type NodeConfig = z.infer<typeof nodeConfig>;

/** What the seed's entrypoint is told. */
export const seedConfig = z.object({
  version: z.literal(1),
  project: z.string(),
  /** Overlay range in CIDR form, IPv4. */
  overlay: z.string(),
  port: z.number(),
  /** Unboxed services: their names by network; the seed resolves them and forwards to them. */
  gateways: z.array(z.object({ service: z.string(), networks: namesByNetwork })),
  /** Boxed services, likewise: a node that shares no network with one must not find it by another way either. */
  boxed: z.optional(z.array(z.object({ service: z.string(), networks: namesByNetwork }))),
  relay: z.optional(relaySettings),
  /**
   * Where functions reach the seed that are on none of its networks; `relay.port`, `relay.ports` and `observers` are then reached at
   * the same host, under the same numbers. Without it, all nodes are on the seed's own networks.
   */
  advertise: z.optional(z.object({ host: z.string(), port: z.number() })),
  /** Two ports that tell who connects from where he is seen; any free ones unless told otherwise. */
  observers: z.optional(z.array(z.number())),
  /** Port where the seed answers Prometheus; without it, nowhere. */
  metrics: z.optional(z.number()),
  /** Where the seed keeps what it has to know after a restart; without it, it keeps nothing. */
  store: z.optional(
    z.union([
      z.object({ folder: z.string() }),
      z.object({ nats: z.object({ servers: z.array(z.string()), tls: z.boolean() }) }),
    ]),
  ),
});
export type SeedConfig = z.infer<typeof seedConfig>;

/** How one node's connections to another are made. */
export const pairStatus = z.object({
  /** overlay address */
  to: z.string(),
  transport: z.enum(['direct', 'punch', 'relay']),
  why: z.string(),
  /** opened so far; of direct ones, which the supervisor does not see, those open now */
  connections: z.number(),
  /** ms, where it is known */
  rtt: z.optional(z.number()),
});
export type PairStatus = z.infer<typeof pairStatus>;

/** One line of `boxer nodes --json` (run inside the seed's container), an array of these. */
export const nodeStatus = z.object({
  id: z.number(),
  role: z.enum(['container', 'function']),
  service: z.string(),
  /**
   * up: its supervisor is connected; starting: the phantom is there, the function is not yet; standby: it is about to take over from
   * another of the same container; draining: another has taken over.
   */
  state: z.enum(['starting', 'standby', 'up', 'draining']),
  names: z.array(z.string()),
  address: z.string(),
  ports: z.array(z.number()),
  /** Docker container id of the boxed container or the phantom; empty where unknown. */
  container: z.string(),
  /** Lambda request id, functions only. */
  requestId: z.optional(z.string()),
  functionName: z.optional(z.string()),
  /** ms since the epoch */
  since: z.number(),
  /** The pairs that the node has used, where it was asked for them. */
  pairs: z.optional(z.array(pairStatus)),
});
export type NodeStatus = z.infer<typeof nodeStatus>;

/** One line of `boxer nodes --watch`; a node that left is shown as it was. */
export const nodeEvent = z.object({
  /** ms since the epoch */
  time: z.number(),
  event: z.enum(['starting', 'standby', 'up', 'draining', 'changed', 'left']),
  node: nodeStatus,
});
export type NodeEvent = z.infer<typeof nodeEvent>;
