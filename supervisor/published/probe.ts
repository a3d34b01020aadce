import * as z from 'zod/mini';
import { twinConfig } from './node-config.ts';

/**
 * The service name of probes in the names of functions and in keys. No service of a project may have this
 * name.
 */
export const PROBE_SERVICE = 'boxer-probe';

const endpoint = z.object({ address: z.string(), port: z.number() });

/** The configuration of the entrypoint that invokes probes. */
export const probeConfig = z.object({
  version: z.literal(1),
  project: z.string(),
  /** The address at which functions reach the seed. Undefined where there is none. */
  seed: z.optional(z.object({ host: z.string(), port: z.number() })),
  twin: twinConfig,
  trials: z.number(),
  bytes: z.number(),
});
export type ProbeConfig = z.infer<typeof probeConfig>;

/**
 * The event that a probe function is invoked with. Its key allows the function to ask the seed how it sees
 * the function, and nothing else.
 */
export const probeEvent = z.object({
  boxer: z.literal(1),
  probe: z.object({
    /** `start`: the function only reports that it has started. */
    part: z.enum(['start', 'everything']),
    /** Undefined where no seed can be reached. Then nothing about the network is measured. */
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
    /** The number of attempts for each kind of punching. */
    trials: z.number(),
    /** The number of bytes that are sent to measure throughput. */
    bytes: z.number(),
  }),
});
export type ProbeEvent = z.infer<typeof probeEvent>['probe'];

/** The shortest, the median and the longest of several measurements, ms. */
const times = z.object({ count: z.number(), min: z.number(), median: z.number(), max: z.number() });
export type Times = z.infer<typeof times>;

const triedCall = z.object({
  name: z.string(),
  /** `ok`, the name of an errno, or a text such as `killed by SIGSYS` */
  result: z.string(),
});

const triedFile = z.object({ path: z.string(), read: z.string(), write: z.string() });

const sandbox = z.object({
  kernel: z.string(),
  architecture: z.string(),
  uid: z.number(),
  gid: z.number(),
  cpus: z.number(),
  /** MB; the configured memory, and the memory that the kernel reports */
  memory: z.object({ configured: z.optional(z.number()), total: z.number(), cgroup: z.optional(z.number()) }),
  rootReadOnly: z.boolean(),
  /** MB */
  tmp: z.object({ size: z.number(), free: z.number(), type: z.string() }),
  /** The soft and hard limits, as in /proc/self/limits. */
  limits: z.record(z.string(), z.object({ soft: z.string(), hard: z.string() })),
  /** The limit of the control group. */
  processes: z.optional(z.number()),
  /** How many descriptors could be opened before open() failed, and with which errno it did. */
  descriptors: z.object({ opened: z.number(), refused: z.string() }),
  /** Fields of /proc/self/status such as NoNewPrivs, Seccomp and CapBnd. */
  status: z.record(z.string(), z.string()),
  ephemeralPorts: z.object({ first: z.number(), last: z.number() }),
  calls: z.array(triedCall),
  files: z.array(triedFile),
});

const throughput = z.object({ bytes: z.number(), ms: z.number(), megabitsPerSecond: z.number() });

/** How a NAT translated one local port towards two destinations. */
const mapping = z.object({ local: z.number(), seen: z.array(z.number()) });

const network = z.object({
  localAddress: z.string(),
  observed: endpoint,
  nat: z.enum(['none', 'preserving', 'mapped', 'symmetric', 'unknown']),
  mappings: z.array(mapping),
  /** The share of ports that were kept, 0 to 1. */
  portsKept: z.number(),
  /** How unsolicited packets are answered, as far as the seed can tell. */
  filtering: z.enum(['silent', 'resetting', 'unknown']),
  /** Whether two sockets of this function can connect through the function's own public address. */
  hairpin: z.string(),
  seed: z.object({ connect: times, roundTrip: times, upload: throughput }),
});

const trial = z.object({
  ok: z.boolean(),
  /** The time in ms from the agreed start to the connection, or until the attempt was given up. */
  ms: z.number(),
  /** The number of packets that were sent after the first one had been reset. */
  retries: z.number(),
  error: z.optional(z.string()),
});

const peer = z.object({
  sameObserved: z.boolean(),
  sameLocal: z.boolean(),
  /**
   * The result of a plain connection to the other function's own address: `ok` or the errno. Only side b
   * tries.
   */
  direct: z.string(),
  /**
   * `plain`: the first packet is repeated after a fixed time. `jittered`: it is repeated after a random time,
   * as Boxer does it.
   */
  punch: z.object({ plain: z.array(trial), jittered: z.array(trial) }),
  /** Measured over a punched connection. */
  roundTrip: z.optional(times),
  throughput: z.optional(throughput),
});

/** The results of one function. A part that could not be measured is an `error` instead. */
export const functionReport = z.object({
  side: z.enum(['a', 'b']),
  boxer: z.string(),
  /**
   * The time in ms from the start of the process to the arrival of the event, and the number of the
   * invocation in this process.
   */
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

/** The lines of a probe function's answer. */
export const probeLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), invocation: z.number(), ms: z.number() }),
  z.object({ type: z.literal('report'), report: functionReport }),
]);
export type ProbeLine = z.infer<typeof probeLine>;

/**
 * One start, as the invoking side saw it. `firstByte`: ms from the request to the first byte of the answer.
 */
const start = z.object({ kind: z.enum(['cold', 'warm']), firstByte: z.number(), process: z.number() });

/** The output of `boxer probe`: one JSON object. */
export const probeOutput = z.object({
  functions: z.array(functionReport),
  starts: z.array(start),
  /** The errors of invocations that ended without a report. */
  errors: z.array(z.string()),
});
export type ProbeOutput = z.infer<typeof probeOutput>;
