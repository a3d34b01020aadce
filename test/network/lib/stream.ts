import * as z from 'zod/mini';
import { ECHO_PORT } from './client.ts';
import { PROGRAMS } from './place.ts';
import type { Shell } from './shell.ts';

const streamReport = z.object({
  bytes: z.number(),
  wrong: z.number(),
  ends: z.array(z.object({ remote: z.string(), errno: z.nullable(z.string()) })),
});
/** `bytes` came back as they were sent, `wrong` did not; of each connection where its packets went and the errno by which it broke. */
export type StreamReport = z.infer<typeof streamReport>;

/** The errnos of connections that broke, of all or of those whose packets did not go to `except`. */
export function broken({ ends }: StreamReport, except?: string): string[] {
  return ends.flatMap(({ remote, errno }) => (errno === null || remote === except ? [] : [errno]));
}

/** Open connections on which checked bytes flow. */
export interface Streams {
  /** Closes them and tells how they fared. */
  stop(): Promise<StreamReport>;
}

/** Opens `connections` from `node` to the echo server of `host`; resolves when bytes have come back on all of them. */
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
