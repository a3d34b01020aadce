import * as z from 'zod/mini';
import { namesInWords, providerNames } from './provider-names.ts';
import { MAX_ADVERTISED_PORT } from './published-ports.ts';
import { megabytes, seconds } from './units.ts';
import { serviceKeys as about, projectKeys as aboutProject } from './x-boxer-descriptions.ts';

/** A schema with its description, which editors show and `docs/x-boxer.md` prints. */
const described = <T extends z.ZodMiniType>(schema: T, description: string): T =>
  schema.check(z.describe(description)) as T;

const amount = (
  read: (value: string | number) => number | undefined,
  unit: string,
  from: number,
  to: number,
  example: string,
) =>
  z
    .union([z.int().check(z.minimum(from), z.maximum(to)), z.string()], {
      error: `must be a whole number of ${unit} from ${from} to ${to}, such as ${example}`,
    })
    .check(
      z.refine(
        (value) => {
          const number = read(value);
          return number !== undefined && number >= from && number <= to;
        },
        { error: `must be a whole number of ${unit} from ${from} to ${to}, such as ${example}` },
      ),
    );

const patterns = z.array(
  z.string().check(z.regex(/^[A-Za-z0-9_*]+$/, 'must be a variable name; * stands for any characters')),
);
const dnsName = z
  .string()
  .check(
    z.regex(
      /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i,
      'must be a DNS name',
    ),
  );
const count = z.int().check(z.minimum(1), z.maximum(65_535));

const targetName = z.enum(['lambda', 'container'], { error: 'must be lambda or container' });

const role = z
  .string()
  .check(
    z.regex(
      /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
      'must be the ARN of a role, such as arn:aws:iam::123456789012:role/boxer-function',
    ),
  );

const waitFor = z.strictObject({
  nodes: z.optional(described(count, about['wait-for.nodes'])),
  names: z.optional(described(z.record(dnsName, count), about['wait-for.names'])),
  timeout: z.optional(described(amount(seconds, 'seconds', 1, 900, '60 or "1m"'), about['wait-for.timeout'])),
});

/**
 * The shortest life of a function that is renewed, seconds: a shorter one leaves no time to start a
 * successor.
 */
export const MIN_LIFETIME = 10;

const lifetime = amount(seconds, 'seconds', MIN_LIFETIME, 900, '600 or "10m"');

const renew = z.union(
  [
    z.literal(false),
    z.strictObject({
      before: z.optional(described(amount(seconds, 'seconds', 1, 899, '60 or "1m"'), about['renew.before'])),
    }),
  ],
  { error: 'must be false, or a mapping such as { before: 1m }' },
);

const longForm = z
  .strictObject({
    target: z.optional(described(targetName, about.target)),
    memory: z.optional(described(amount(megabytes, 'MB', 128, 10_240, '512 or "512m"'), about.memory)),
    timeout: z.optional(described(amount(seconds, 'seconds', 1, 900, '300 or "5m"'), about.timeout)),
    lifetime: z.optional(described(lifetime, about.lifetime)),
    renew: z.optional(described(renew, about.renew)),
    'ephemeral-storage': z.optional(
      described(amount(megabytes, 'MB', 512, 10_240, '1024 or "1g"'), about['ephemeral-storage']),
    ),
    architecture: z.optional(
      described(z.enum(['x86_64', 'arm64'], { error: 'must be x86_64 or arm64' }), about.architecture),
    ),
    role: z.optional(described(role, about.role)),
    concurrency: z.optional(described(z.int().check(z.minimum(1), z.maximum(100_000)), about.concurrency)),
    names: z.optional(described(z.array(dnsName), about.names)),
    environment: z.optional(
      described(
        z.strictObject({
          include: z.optional(described(patterns, about['environment.include'])),
          exclude: z.optional(described(patterns, about['environment.exclude'])),
        }),
        about.environment,
      ),
    ),
    remap: z.optional(
      described(
        z.record(
          z.string().check(z.regex(/^\/./, 'must be an absolute path')),
          z.string().check(z.regex(/^\/tmp\/(?!(.*\/)?\.\.(\/|$))./, 'must be a path below /tmp')),
        ),
        about.remap,
      ),
    ),
    'wait-for': z.optional(described(waitFor, about['wait-for'])),
  })
  .check(
    z.refine(({ lifetime, timeout }) => amountOf(lifetime, 0) <= amountOf(timeout, MAX_TIMEOUT), {
      path: ['lifetime'],
      error: 'must not be longer than timeout, after which Lambda ends the function',
    }),
    z.refine(
      ({ lifetime, timeout, renew }) => {
        const whole = amountOf(lifetime ?? timeout, MAX_TIMEOUT);
        return !renew || renew.before === undefined || amountOf(renew.before, 0) < whole;
      },
      {
        path: ['renew', 'before'],
        error: 'must be shorter than lifetime (without one: timeout)',
      },
    ),
    z.refine(
      ({ lifetime, timeout, renew }) => !renew || amountOf(lifetime ?? timeout, MAX_TIMEOUT) >= MIN_LIFETIME,
      {
        path: ['renew'],
        error: `must be left out, or false, where functions live for less than ${MIN_LIFETIME} s (lifetime, or timeout)`,
      },
    ),
    z.refine(({ lifetime, renew }) => lifetime === undefined || renew !== false, {
      path: ['lifetime'],
      error: 'must be left out with renew: false: nothing follows, and timeout ends a function',
    }),
  );

/** Lambda's maximum timeout, seconds. */
const MAX_TIMEOUT = 900;

const amountOf = (value: string | number | undefined, otherwise: number): number =>
  (value === undefined ? undefined : seconds(value)) ?? otherwise;

/** `x-boxer` of a service: a target, or the long form. */
export const serviceSchema = z.union([targetName, longForm]);

const cidr = z.string().check(
  z.regex(/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/, 'must be an IPv4 network such as 198.18.0.0/15'),
  z.refine(isNetwork, {
    error: 'must be an IPv4 network of at least /16 with no host bits, such as 198.18.0.0/15',
  }),
);

const port = z.int().check(z.minimum(1), z.maximum(65_535));
const portRange = z.string().check(
  z.refine((text) => portsOf(text) !== undefined, {
    error: 'must be two TCP ports from 1024 on in ascending order, such as 40000-40999',
  }),
);

/** Top-level `x-boxer`. */
export const projectSchema = z.strictObject({
  provider: z.optional(
    described(z.enum(providerNames, { error: `must be ${namesInWords}` }), aboutProject.provider),
  ),
  region: z.optional(
    described(
      z.string().check(z.regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as us-east-1')),
      aboutProject.region,
    ),
  ),
  role: z.optional(described(role, aboutProject.role)),
  credentials: z.optional(
    described(
      z.string().check(z.regex(/^[\w.@+-]+$/, 'must be the name of an AWS profile, or instance')),
      aboutProject.credentials,
    ),
  ),
  network: z.optional(described(cidr, aboutProject.network)),
  log: z.optional(
    described(
      z
        .string()
        .check(
          z.regex(
            /^(debug|info|warn|error|silent)(,json)?$/,
            'must be debug, info, warn, error or silent, such as debug,json',
          ),
        ),
      aboutProject.log,
    ),
  ),
  seed: z.optional(
    described(
      z
        .strictObject({
          advertise: z.optional(
            described(
              z.string().check(
                z.regex(/^[^\s:/]+(:\d{1,5})?$/, 'must be host or host:port'),
                z.refine(
                  (text) =>
                    Number(text.split(':')[1] ?? 1) >= 1 &&
                    Number(text.split(':')[1] ?? 1) <= MAX_ADVERTISED_PORT,
                  { error: `must have a port from 1 to ${MAX_ADVERTISED_PORT}: others follow it` },
                ),
              ),
              aboutProject['seed.advertise'],
            ),
          ),
          store: z.optional(
            described(
              z
                .string()
                .check(
                  z.regex(
                    /^(nats|tls):\/\/[^\s@/,:]+:\d{1,5}(,[^\s@/,:]+:\d{1,5})*$/,
                    'must be nats://host:port,host:port... (tls://... for TLS) without credentials, which go to store-credentials',
                  ),
                ),
              aboutProject['seed.store'],
            ),
          ),
          'store-credentials': z.optional(
            described(
              z.string().check(z.minLength(1, 'must be the path of a file')),
              aboutProject['seed.store-credentials'],
            ),
          ),
          replicas: z.optional(
            described(z.int().check(z.minimum(1), z.maximum(8)), aboutProject['seed.replicas']),
          ),
          metrics: z.optional(
            described(
              z.union([z.literal(false), port], { error: 'must be a TCP port, or false' }),
              aboutProject['seed.metrics'],
            ),
          ),
          relays: z.optional(
            described(z.int().check(z.minimum(0), z.maximum(64)), aboutProject['seed.relays']),
          ),
          'relay-port': z.optional(described(port, aboutProject['seed.relay-port'])),
          'relay-ports': z.optional(described(portRange, aboutProject['seed.relay-ports'])),
          'idle-timeout': z.optional(
            described(
              amount(seconds, 'seconds', 1, 604_800, '3600 or "1h"'),
              aboutProject['seed.idle-timeout'],
            ),
          ),
          'stop-grace-period': z.optional(
            described(
              amount(seconds, 'seconds', 1, 3600, '30 or "30s"'),
              aboutProject['seed.stop-grace-period'],
            ),
          ),
        })
        .check(
          z.refine(({ replicas = 1, store }) => replicas === 1 || store !== undefined, {
            path: ['replicas'],
            error: 'more than 1 needs seed.store: seeds without a common store know nothing of each other',
          }),
        ),
      aboutProject.seed,
    ),
  ),
});

/** Parses `first-last`; undefined if the text is not a range of unprivileged ports. */
export function portsOf(text: string): { first: number; last: number } | undefined {
  const [, first, last] = (/^(\d{4,5})-(\d{4,5})$/.exec(text) ?? []).map(Number);
  if (first === undefined || last === undefined) return undefined;
  return first >= 1024 && first <= last && last <= 65_535 ? { first, last } : undefined;
}

/**
 * At least a /16: node n is base + n with n up to 65,535. Host bits would make two spellings of one network.
 */
function isNetwork(text: string): boolean {
  const [address = '', length = ''] = text.split('/');
  const bytes = address.split('.').map(Number);
  const prefix = Number(length);
  if (prefix < 8 || prefix > 16 || bytes.some((byte) => byte > 255)) return false;
  const bits = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return bits % 2 ** (32 - prefix) === 0;
}

export type ServiceInput = z.infer<typeof serviceSchema>;
export type ProjectInput = z.infer<typeof projectSchema>;
/** Exported for the published schema and the key suggestions. */
export const longFormSchema = longForm;
