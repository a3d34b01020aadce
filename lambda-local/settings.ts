import * as z from 'zod/mini';

const whole = (from: number, to: number) => z.coerce.number().check(z.int(), z.gte(from), z.lte(to));

/** All settings, which are environment variables. `docs/local-lambda.md` explains each of them. */
const schema = z.strictObject({
  /** TCP port of the Lambda API; 0 takes any free one. */
  PORT: z._default(whole(0, 65535), 9000),
  /** Labels the sandboxes of this Lambda, so that it finds and removes them after a restart. */
  INSTANCE: z._default(z.string().check(z.regex(/^[\w.-]{1,64}$/)), 'default'),
  NAT: z._default(z.enum(['preserving', 'symmetric']), 'preserving'),
  /** The Docker network that functions can reach. Only needed if the container is on several networks. */
  NETWORK: z.optional(z.string()),
  REGION: z._default(z.string().check(z.regex(/^[a-z]{2}(-[a-z]+)+-\d$/)), 'us-east-1'),
  ACCOUNT: z._default(z.string().check(z.regex(/^\d{12}$/)), '000000000000'),
  /** Concurrent executions of the whole account. */
  CONCURRENCY: z._default(whole(1, 100_000), 1000),
  /** Seconds that an unused environment is kept. */
  IDLE_SECONDS: z._default(whole(0, 86_400), 300),
  /**
   * Seconds for which an unused environment is kept if more than are in use, and more than one, are unused.
   */
  SURPLUS_SECONDS: z._default(whole(0, 86_400), 20),
  /** The most unused environments that are kept per function. */
  IDLE_LIMIT: z._default(whole(0, 1000), 10),
  /** Sandboxes per function that are started in advance. */
  PREPARED: z._default(whole(0, 100), 1),
  /** NAT gateways that are made in advance. */
  GATEWAYS: z._default(whole(0, 100), 6),
  /** Seconds before the first retry of an asynchronous invocation; the second waits twice as long. */
  RETRY_SECONDS: z._default(whole(0, 3600), 60),
  LOG: z._default(z.enum(['error', 'warn', 'info', 'debug']), 'warn'),
});

export type Settings = Readonly<z.infer<typeof schema>>;
const PREFIX = 'LAMBDA_LOCAL_';

/**
 * Reads the settings from environment variables called `LAMBDA_LOCAL_<NAME>`. An empty variable counts as
 * unset. Throws an Error with the variable and its value if the value is invalid, or if there is no such
 * setting.
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
  throw new Error(`Invalid configuration: ${faults.join('; ')}`);
}
