import * as z from 'zod/mini';
import { nodeConfig } from '../published/node-config.ts';

const endpoint = z.object({ address: z.string(), port: z.number() });
const credentials = z.object({ identity: z.string(), key: z.string() });

/**
 * What a phantom invokes its twin with. Keys are hex, made for this one launch; nothing in it outlives the
 * launch.
 */
export const launchEvent = z.object({
  boxer: z.literal(1),
  seed: z.extend(endpoint, { identity: z.string(), key: z.string() }),
  /**
   * Where the phantom waits for the function's stdio; the first address that answers is taken. With a token
   * it is the seed's relay, which leads whoever shows it to the phantom.
   */
  session: z.extend(credentials, {
    addresses: z.array(z.string()),
    port: z.number(),
    token: z.optional(z.string()),
  }),
  service: z.string(),
  hostname: z.string(),
  argv: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  workingDirectory: z.string(),
  remap: z.record(z.string(), z.string()),
  /** Paths that are mounted in the phantom, and what is there. */
  mounts: z.array(z.string()),
  files: z.array(
    z.object({
      path: z.string(),
      mode: z.number(),
      content: z.optional(z.string()),
      link: z.optional(z.string()),
    }),
  ),
  /** As in the node configuration. */
  waitFor: nodeConfig.shape.waitFor,
});
export type LaunchEvent = z.infer<typeof launchEvent>;

/** The event that starts a function before anybody needs it. */
export const warmEvent = z.object({ boxer: z.literal('warm') });
export type WarmEvent = z.infer<typeof warmEvent>;

/**
 * Lines of the function's streamed response; what matters comes over the session, this is for when there is
 * none.
 */
export const launchReport = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started') }),
  z.object({ type: z.literal('exit'), code: z.nullable(z.number()), signal: z.nullable(z.string()) }),
  /** Another function has this launch, or had it. */
  z.object({ type: z.literal('duplicate'), message: z.string() }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string(), exitCode: z.number() }),
]);
export type LaunchReport = z.infer<typeof launchReport>;
