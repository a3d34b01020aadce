import * as z from 'zod/mini';
import { twinConfig } from './node-config.ts';

/** The service that probes are, in names of functions and keys; no service of a project may be called so. */
export const PROBE_SERVICE = 'boxer-probe';

const endpoint = z.object({ address: z.string(), port: z.number() });

/** What the entrypoint that invokes probes is told. */
export const probeConfig = z.object({
  version: z.literal(1),
  project: z.string(),
  /** Where functions reach the seed; undefined: nowhere. */
  seed: z.optional(z.object({ host: z.string(), port: z.number() })),
  twin: twinConfig,
  trials: z.number(),
  bytes: z.number(),
});
export type ProbeConfig = z.infer<typeof probeConfig>;

/** What a probe function is invoked with. Its key lets it ask the seed how it is seen, and nothing else. */
export const probeEvent = z.object({
  boxer: z.literal(1),
  probe: z.object({
    /** Only say that it has started. */
    part: z.enum(['start', 'everything']),
    /** Undefined: there is no seed to be reached, and nothing of the network is measured. */
    seed: z.optional(
      z.object({
        host: z.string(),
        port: z.number(),
        identity: z.string(),
        key: z.string(),
        pair: z.string(),
      }),
    ),
    side: z.enum(['a', 'b']),
    /** Of each kind of punching. */
    trials: z.number(),
    /** Bytes that are sent to measure throughput. */
    bytes: z.number(),
  }),
});
export type ProbeEvent = z.infer<typeof probeEvent>['probe'];

/** Shortest, middle and longest of some measurements, ms. */
const times = z.object({ count: z.number(), min: z.number(), median: z.number(), max: z.number() });
export type Times = z.infer<typeof times>;

const triedCall = z.object({
  name: z.string(),
  /** `ok`, the name of an errno, or `killed by SIGSYS` and the like */
  result: z.string(),
});

const triedFile = z.object({ path: z.string(), read: z.string(), write: z.string() });

const sandbox = z.object({
  kernel: z.string(),
  architecture: z.string(),
  uid: z.number(),
  gid: z.number(),
  cpus: z.number(),
  /** MB; what the function was given, and what the kernel says */
  memory: z.object({ configured: z.optional(z.number()), total: z.number(), cgroup: z.optional(z.number()) }),
  rootReadOnly: z.boolean(),
  /** MB */
  tmp: z.object({ size: z.number(), free: z.number(), type: z.string() }),
  /** soft and hard limits as /proc/self/limits has them */
  limits: z.record(z.string(), z.object({ soft: z.string(), hard: z.string() })),
  /** of the control group */
  processes: z.optional(z.number()),
  /** descriptors that could be opened before one was refused, and with which errno */
  descriptors: z.object({ opened: z.number(), refused: z.string() }),
  /** NoNewPrivs, Seccomp, CapBnd... of /proc/self/status */
  status: z.record(z.string(), z.string()),
  ephemeralPorts: z.object({ first: z.number(), last: z.number() }),
  calls: z.array(triedCall),
  files: z.array(triedFile),
});

const throughput = z.object({ bytes: z.number(), ms: z.number(), megabitsPerSecond: z.number() });

/** What a NAT made of one local port towards two destinations. */
const mapping = z.object({ local: z.number(), seen: z.array(z.number()) });

const network = z.object({
  localAddress: z.string(),
  observed: endpoint,
  nat: z.enum(['none', 'preserving', 'mapped', 'symmetric', 'unknown']),
  mappings: z.array(mapping),
  /** share of ports that were kept, 0 to 1 */
  portsKept: z.number(),
  /** What a packet gets that nobody asked for, as far as the seed can tell. */
  filtering: z.enum(['silent', 'resetting', 'unknown']),
  /** Whether two sockets of this function meet by way of its own public address. */
  hairpin: z.string(),
  seed: z.object({ connect: times, roundTrip: times, upload: throughput }),
});

const trial = z.object({
  ok: z.boolean(),
  /** from the agreed start to the connection, or to giving up */
  ms: z.number(),
  /** packets after the first, because that one was reset */
  retries: z.number(),
  error: z.optional(z.string()),
});

const peer = z.object({
  sameObserved: z.boolean(),
  sameLocal: z.boolean(),
  /** A plain connection to the other's own address: `ok` or the errno. Only side b tries. */
  direct: z.string(),
  /** All first packets again after a fixed time; and after a random one, as Boxer does it. */
  punch: z.object({ plain: z.array(trial), jittered: z.array(trial) }),
  /** Over a punched connection. */
  roundTrip: z.optional(times),
  throughput: z.optional(throughput),
});

/** What one function has found out; what it could not is an `error` in that place. */
export const functionReport = z.object({
  side: z.enum(['a', 'b']),
  boxer: z.string(),
  /** ms from the start of the process until the event was there, and which invocation of this process it was */
  started: z.object({ ms: z.number(), invocation: z.number() }),
  sandbox: z.union([sandbox, z.object({ error: z.string() })]),
  network: z.optional(z.union([network, z.object({ error: z.string() })])),
  peer: z.optional(z.union([peer, z.object({ error: z.string() })])),
});
export type FunctionReport = z.infer<typeof functionReport>;
export type Sandbox = z.infer<typeof sandbox>;
export type Network = z.infer<typeof network>;
export type PeerReport = z.infer<typeof peer>;
export type Trial = z.infer<typeof trial>;
export type Throughput = z.infer<typeof throughput>;
export type Mapping = z.infer<typeof mapping>;

/** Lines of a probe function's answer. */
export const probeLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), invocation: z.number(), ms: z.number() }),
  z.object({ type: z.literal('report'), report: functionReport }),
]);
export type ProbeLine = z.infer<typeof probeLine>;

/** One start, as whoever invoked it saw it. ms from the request to the first byte of the answer. */
const start = z.object({ kind: z.enum(['cold', 'warm']), firstByte: z.number(), process: z.number() });

/** What `boxer probe` prints: one JSON object. */
export const probeOutput = z.object({
  functions: z.array(functionReport),
  starts: z.array(start),
  /** Of invocations that ended without a report. */
  errors: z.array(z.string()),
});
export type ProbeOutput = z.infer<typeof probeOutput>;
