import * as z from 'zod/mini';
import { MAX_ADVERTISED_PORT } from './published-ports.ts';
import { megabytes, seconds } from './units.ts';

/** The words of this file end up in `docs/x-boxer.schema.json`, which editors show while a key is typed. */
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
  nodes: z.optional(
    described(count, 'Nodes of the overlay that must be up, of those that this one sees; it counts itself.'),
  ),
  names: z.optional(described(z.record(dnsName, count), 'Name -> nodes of that name that must be up.')),
  timeout: z.optional(
    described(amount(seconds, 'seconds', 1, 900, '60 or "1m"'), 'How long to wait; default 60 s.'),
  ),
});

/** Shorter lives leave no time to start another function, seconds. */
export const MIN_LIFETIME = 10;

const lifetime = amount(seconds, 'seconds', MIN_LIFETIME, 900, '600 or "10m"');

const renew = z.union(
  [
    z.literal(false),
    z.strictObject({
      before: z.optional(
        described(
          amount(seconds, 'seconds', 1, 899, '60 or "1m"'),
          'So long before its end the successor of a function is started. Default: 60 s and the grace period, at most half of the lifetime.',
        ),
      ),
    }),
  ],
  { error: 'must be false, or a mapping such as { before: 1m }' },
);

const longForm = z
  .strictObject({
    target: z.optional(described(targetName, 'Where replicas run; default lambda.')),
    memory: z.optional(
      described(
        amount(megabytes, 'MB', 128, 10_240, '512 or "512m"'),
        'Memory of one function in MB. Default: the memory limit of the service, else 1769 (one vCPU).',
      ),
    ),
    timeout: z.optional(
      described(
        amount(seconds, 'seconds', 1, 900, '300 or "5m"'),
        'Longest life of one function in seconds; default 900.',
      ),
    ),
    lifetime: z.optional(
      described(
        lifetime,
        'How old a function may become in seconds: by then another has taken over. From 10 to the timeout; default: the timeout.',
      ),
    ),
    renew: z.optional(
      described(
        renew,
        'When the successor of a function is started, `false`: never. The function then ends with its timeout.',
      ),
    ),
    'ephemeral-storage': z.optional(
      described(amount(megabytes, 'MB', 512, 10_240, '1024 or "1g"'), 'Size of /tmp in MB; default 512.'),
    ),
    architecture: z.optional(
      described(
        z.enum(['x86_64', 'arm64'], { error: 'must be x86_64 or arm64' }),
        "Processor of the function; default: that of the service's image.",
      ),
    ),
    role: z.optional(described(role, "ARN of the function's execution role; default: the project's.")),
    concurrency: z.optional(
      described(
        z.int().check(z.minimum(1), z.maximum(100_000)),
        'Reserved concurrency of the function on AWS: no more replicas than this run at once. Default: none.',
      ),
    ),
    names: z.optional(described(z.array(dnsName), 'Further DNS names of the replicas.')),
    environment: z.optional(
      described(
        z.strictObject({ include: z.optional(patterns), exclude: z.optional(patterns) }),
        'Which environment variables travel to the function; `*` matches any characters. Default: all.',
      ),
    ),
    remap: z.optional(
      described(
        z.record(
          z.string().check(z.regex(/^\/./, 'must be an absolute path')),
          z.string().check(z.regex(/^\/tmp\/(?!(.*\/)?\.\.(\/|$))./, 'must be a path below /tmp')),
        ),
        'Path as the application knows it -> path below /tmp, for files written on a read-only root.',
      ),
    ),
    'wait-for': z.optional(described(waitFor, 'What must be up before the application starts.')),
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

/** Lambda's. */
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
    described(
      z.enum(['local', 'aws'], { error: 'must be local or aws' }),
      'Where functions run; default local: on this engine.',
    ),
  ),
  region: z.optional(
    described(
      z.string().check(z.regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as us-east-1')),
      'AWS region; default: the one of the AWS configuration, and us-east-1 on the local provider.',
    ),
  ),
  role: z.optional(described(role, "ARN of the functions' execution role on AWS.")),
  credentials: z.optional(
    described(
      z.string().check(z.regex(/^[\w.@+-]+$/, 'must be the name of an AWS profile, or instance')),
      'AWS profile whose credentials phantoms get; `instance`: none, they use those of the machine. Default: the ones of `up`.',
    ),
  ),
  network: z.optional(described(cidr, 'Addresses of the overlay; default 198.18.0.0/15.')),
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
      'What the seed writes to its log, and `,json` for machines; default info.',
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
              'Where functions on AWS reach this host: host or host:port, 7070 unless told otherwise. The ports behind it are published, too.',
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
              'NATS servers (JetStream, 2.11 or later) that keep what the seed remembers; default: a volume of its own.',
            ),
          ),
          'store-credentials': z.optional(
            described(
              z.string().check(z.minLength(1, 'must be the path of a file')),
              'File with the NATS credentials (.creds) or nkey seed of the seed, which is given it as a secret.',
            ),
          ),
          replicas: z.optional(
            described(
              z.int().check(z.minimum(1), z.maximum(8)),
              'Seeds that share the store, so that one may fail; more than 1 need store. Default 1.',
            ),
          ),
          metrics: z.optional(
            described(
              z.union([z.literal(false), port], { error: 'must be a TCP port, or false' }),
              "Port where the seed answers Prometheus, on the project's networks; default 9464, false: nowhere.",
            ),
          ),
          relays: z.optional(
            described(
              z.int().check(z.minimum(0), z.maximum(64)),
              'Containers that carry connections between nodes in place of the seed; default 0.',
            ),
          ),
          'relay-port': z.optional(
            described(port, 'TCP port where nodes dial in for relayed connections; default: any free one.'),
          ),
          'relay-ports': z.optional(
            described(
              portRange,
              'TCP ports where relayed connections arrive, such as 40000-40999; default: any free ones.',
            ),
          ),
          'idle-timeout': z.optional(
            described(
              amount(seconds, 'seconds', 1, 604_800, '3600 or "1h"'),
              'Resets a relayed connection that was silent for so long; default: never.',
            ),
          ),
          'stop-grace-period': z.optional(
            described(
              amount(seconds, 'seconds', 1, 3600, '30 or "30s"'),
              'How long relayed connections may go on when the seed or a relay is stopped; default 10 s.',
            ),
          ),
        })
        .check(
          z.refine(({ replicas = 1, store }) => replicas === 1 || store !== undefined, {
            path: ['replicas'],
            error: 'more than 1 needs seed.store: seeds without a common store know nothing of each other',
          }),
        ),
      'The coordinator.',
    ),
  ),
});

/** `first-last`; undefined for what is no range of unprivileged ports. */
export function portsOf(text: string): { first: number; last: number } | undefined {
  const [, first, last] = (/^(\d{4,5})-(\d{4,5})$/.exec(text) ?? []).map(Number);
  if (first === undefined || last === undefined) return undefined;
  return first >= 1024 && first <= last && last <= 65_535 ? { first, last } : undefined;
}

/** At least a /16: node n is base + n with n up to 65,535. Host bits would make two spellings of one network. */
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
