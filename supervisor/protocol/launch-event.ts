import * as z from 'zod/mini';
import { nodeConfig } from '../published/node-config.ts';

const endpoint = z.object({ address: z.string(), port: z.number() });
const credentials = z.object({ identity: z.string(), key: z.string() });

/**
 * The event with which a phantom invokes its function. Keys are in hex and are made for this one launch.
 * Nothing in the event is valid after the launch.
 */
export const launchEvent = z.object({
  boxer: z.literal(1),
  seed: z.extend(endpoint, { identity: z.string(), key: z.string() }),
  /**
   * Where the phantom waits for the function's stdio. The function uses the first address that answers. If
   * there is a token, the address is that of the seed's relay. The relay connects a caller that shows the
   * token to the phantom.
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
  /** Paths of the phantom's mounts. `files` are the files below these paths. */
  mounts: z.array(z.string()),
  files: z.array(
    z.object({
      path: z.string(),
      mode: z.number(),
      content: z.optional(z.string()),
      link: z.optional(z.string()),
    }),
  ),
  /** See `waitFor` in the node configuration. */
  waitFor: nodeConfig.shape.waitFor,
});
export type LaunchEvent = z.infer<typeof launchEvent>;

/** The event that starts a function's environment before a launch needs it. */
export const warmEvent = z.object({ boxer: z.literal('warm') });
export type WarmEvent = z.infer<typeof warmEvent>;

/**
 * Lines of the function's streamed response. They matter only if the function has no session with its
 * phantom; otherwise the function sends everything over the session.
 */
export const launchReport = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started') }),
  z.object({ type: z.literal('exit'), code: z.nullable(z.number()), signal: z.nullable(z.string()) }),
  /** Another function runs this launch, or has run it already. */
  z.object({ type: z.literal('duplicate'), message: z.string() }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string(), exitCode: z.number() }),
]);
export type LaunchReport = z.infer<typeof launchReport>;
