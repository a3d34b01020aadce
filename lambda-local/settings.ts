import * as z from 'zod/mini';

const whole = (from: number, to: number) => z.coerce.number().check(z.int(), z.gte(from), z.lte(to));

/** Everything that can be set, all of it by environment variables; `docs/local-lambda.md` explains each. */
const schema = z.strictObject({
  /** TCP port of the Lambda API; 0 takes any free one. */
  PORT: z._default(whole(0, 65535), 9000),
  /** Marks the sandboxes of this Lambda, so that a restarted one finds and removes what it left. */
  INSTANCE: z._default(z.string().check(z.regex(/^[\w.-]{1,64}$/)), 'default'),
  NAT: z._default(z.enum(['preserving', 'symmetric']), 'preserving'),
  /** Docker network whose members the functions meet; needed only if the container is on several. */
  NETWORK: z.optional(z.string()),
  REGION: z._default(z.string().check(z.regex(/^[a-z]{2}(-[a-z]+)+-\d$/)), 'us-east-1'),
  ACCOUNT: z._default(z.string().check(z.regex(/^\d{12}$/)), '000000000000'),
  /** Concurrent executions of the whole account. */
  CONCURRENCY: z._default(whole(1, 100_000), 1000),
  /** Seconds that an unused environment is kept. */
  IDLE_SECONDS: z._default(whole(0, 86_400), 300),
  /** Seconds that unused environments are kept which are more than are in use, and more than one. */
  SURPLUS_SECONDS: z._default(whole(0, 86_400), 20),
  /** Unused environments kept per function. */
  IDLE_LIMIT: z._default(whole(0, 1000), 10),
  /** Sandboxes per function that are started before they are asked for. */
  PREPARED: z._default(whole(0, 100), 1),
  /** NAT gateways made before they are asked for. */
  GATEWAYS: z._default(whole(0, 100), 6),
  /** Seconds before the first retry of an asynchronous invocation; the second waits twice as long. */
  RETRY_SECONDS: z._default(whole(0, 3600), 60),
  LOG: z._default(z.enum(['error', 'warn', 'info', 'debug']), 'warn'),
});

export type Settings = Readonly<z.infer<typeof schema>>;
const PREFIX = 'LAMBDA_LOCAL_';

/**
 * Reads the settings from environment variables called `LAMBDA_LOCAL_<NAME>`; empty ones count as unset.
 * Throws an Error that names the variable and its value, also for an unknown name: a typing error would be silent.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.entries(env)
    .filter(([name, value]) => name.startsWith(PREFIX) && value !== undefined && value !== '')
    .map(([name, value]) => [name.slice(PREFIX.length), value]);
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') return `${PREFIX}${issue.keys.join(', ')}: no such setting`;
    const name = `${PREFIX}${String(issue.path[0])}`;
    return `${name}=${env[name]}: ${issue.message}`;
  });
  throw new Error(`Bad configuration: ${faults.join('; ')}`);
}
