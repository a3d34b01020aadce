import * as z from 'zod/mini';
import { ECHO_PORT } from './client.ts';
import { PROGRAMS } from './place.ts';
import type { Shell } from './shell.ts';

const streamReport = z.object({ bytes: z.number(), wrong: z.number(), errors: z.array(z.string()) });
/** `bytes` came back as they were sent, `wrong` did not; `errors` are the errnos of broken connections. */
export type StreamReport = z.infer<typeof streamReport>;

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
