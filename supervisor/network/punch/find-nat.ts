import type { Endpoint } from '../../control/endpoint.ts';
import type { NatKind } from '../../protocol/offer.ts';
import type { LocalPorts } from './local-ports.ts';
import { observe } from './observe.ts';

/** Number of ports to try. At a NAT that several hosts share, another host may use a port. */
const ATTEMPTS = 2;
const TIMEOUT = 2000;

/** Finds out how a NAT translates the port of one socket for two destinations. Never rejects. */
export async function findNat(
  observers: readonly Endpoint[],
  ports: LocalPorts,
  signal: AbortSignal,
): Promise<NatKind> {
  const [first, second] = observers;
  if (!first || !second) return 'unknown';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const local = ports.next();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]);
    const seen = await Promise.allSettled([observe(first, local, limit), observe(second, local, limit)]);
    const found = seen.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    for (const { socket } of found) socket.resetAndDestroy();
    const [a, b] = found.map(({ seen: { port } }) => port);
    if (a === undefined || b === undefined) continue;
    if (a === local && b === local) return 'preserving';
    if (a === b) return 'mapped';
    if (attempt === ATTEMPTS) return 'symmetric';
  }
  return 'unknown';
}
