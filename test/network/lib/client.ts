import * as z from 'zod/mini';
import { PROGRAMS } from './place.ts';
import type { Shell } from './shell.ts';

export const ECHO_PORT = 7000;
export const WITNESS_PORT = 7001;
export const CLOSED_PORT = 9;

const wire = z.object({ local: z.string(), remote: z.string() });

const connection = z.object({
  /** The names of the two ends as the guest sees them; `wire` has those in the kernel's table of sockets. */
  peer: z.string(),
  local: z.string(),
  wire,
  intact: z.boolean(),
  ms: z.number(),
  /** The same connection as the server sees it. */
  server: z.object({ peer: z.string(), wire }),
});

const clientCase = z.object({
  target: z.string(),
  address: z.string(),
  /** The address family and mode of the client's socket, such as "v4 blocking". */
  variant: z.string(),
  /** The errno's name if the connection failed. */
  result: z.union([connection, z.string()]),
  /** The errno's name of a connection to CLOSED_PORT, or "connected". */
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
 * Runs programs/client.py, which connects from `node` to each of `targets` in every variant. Rejects if it
 * fails.
 */
export async function runClient(node: Shell, targets: readonly string[]): Promise<ClientCase[]> {
  const ports = [ECHO_PORT, WITNESS_PORT, CLOSED_PORT].map(String);
  const { code, stdout, stderr } = await node.exec('python3', `${PROGRAMS}/client.py`, ...ports, ...targets);
  if (code !== 0) throw new Error(`client.py to ${targets.join()}: ${stderr}`);
  return z.array(clientCase).parse(JSON.parse(stdout));
}
