import * as z from 'zod/mini';
import { ECHO_PORT } from './client.ts';
import { PROGRAMS } from './place.ts';
import type { Shell } from './shell.ts';

const streamReport = z.object({
  bytes: z.number(),
  wrong: z.number(),
  ends: z.array(z.object({ remote: z.string(), errno: z.nullable(z.string()) })),
});
/**
 * `bytes`: how many bytes came back unchanged. `wrong`: how many came back changed. `ends`: for each
 * connection, the address to which its packets went, and the errno with which it broke, or null.
 */
export type StreamReport = z.infer<typeof streamReport>;

/** The errnos of broken connections, without connections whose packets went to `except`. */
export function broken({ ends }: StreamReport, except?: string): string[] {
  return ends.flatMap(({ remote, errno }) => (errno === null || remote === except ? [] : [errno]));
}

/** Open connections on which checked bytes flow. */
export interface Streams {
  /** Closes the connections, and resolves to the report about them. */
  stop(): Promise<StreamReport>;
}

/**
 * Opens `connections` connections from `node` to the echo server of `host`. Resolves when bytes have come
 * back on all of them.
 */
export async function startStreams(node: Shell, host: string, connections: number): Promise<Streams> {
  const job = node.start('python3', `${PROGRAMS}/stream.py`, host, String(ECHO_PORT), String(connections));
  await job.printed('flowing');
  return {
    async stop() {
      job.kill();
      const { stdout, stderr } = await job.ended;
      const last = stdout.trim().split('\n').at(-1) ?? '';
      if (!last.startsWith('{')) throw new Error(`stream.py: ${stdout}${stderr}`);
      return streamReport.parse(JSON.parse(last));
    },
  };
}
