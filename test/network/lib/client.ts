import * as z from 'zod/mini';
import { PROGRAMS } from './place.ts';
import type { Shell } from './shell.ts';

export const ECHO_PORT = 7000;
export const WITNESS_PORT = 7001;
export const CLOSED_PORT = 9;

const wire = z.object({ local: z.string(), remote: z.string() });

const meeting = z.object({
  /** address:port as the guest sees them; `wire` has those in the kernel's table of sockets. */
  peer: z.string(),
  own: z.string(),
  wire,
  intact: z.boolean(),
  ms: z.number(),
  seen: z.object({ peer: z.string(), wire }),
});

const clientCase = z.object({
  target: z.string(),
  address: z.string(),
  way: z.string(),
  /** The errno's name if the connection failed. */
  result: z.union([meeting, z.string()]),
  refused: z.string(),
});

/** One connection of test/network/programs/client.py. */
export type ClientCase = z.infer<typeof clientCase>;

/** Starts programs/server.py. Resolves when it listens. */
export async function startEcho(node: Shell): Promise<void> {
  const job = node.start('python3', `${PROGRAMS}/server.py`, String(ECHO_PORT), String(WITNESS_PORT));
  const died = job.ended.then(({ stderr }) => Promise.reject(new Error(`server.py: ${stderr}`)));
  await Promise.race([Promise.all([node.listening(ECHO_PORT), node.listening(WITNESS_PORT)]), died]);
  died.catch(() => undefined);
}

/**
 * Runs programs/client.py, which connects from `node` to each of `targets` in every way. Rejects if it fails.
 */
export async function runClient(node: Shell, targets: readonly string[]): Promise<ClientCase[]> {
  const ports = [ECHO_PORT, WITNESS_PORT, CLOSED_PORT].map(String);
  const { code, stdout, stderr } = await node.exec('python3', `${PROGRAMS}/client.py`, ...ports, ...targets);
  if (code !== 0) throw new Error(`client.py to ${targets.join()}: ${stderr}`);
  return z.array(clientCase).parse(JSON.parse(stdout));
}
