import type { Endpoint } from '../control/endpoint.ts';

/** The two ends of one connection as the overlay sees them: the guest's own end, and the far end. */
export interface FlowNames {
  readonly local: Endpoint;
  readonly peer: Endpoint;
}

/**
 * Keys are endpoints that the kernel uses once at a time, so a reused one replaces its predecessor. The bound is more than one node
 * can hold open (1,024 descriptors in a function). The oldest entries are dropped first.
 */
const MAX_FLOWS = 65_536;

/** Remembers the overlay's names of relayed and punched connections, for getpeername() and its kin. */
export class FlowNameTable {
  readonly #initiated = new Map<string, Endpoint>();
  readonly #accepted = new Map<string, FlowNames>();

  /** The guest connects to `target`, which stands for `peer`: from `localPort`, or to a port that was opened for this one flow. */
  rememberInitiated(target: Endpoint, peer: Endpoint, localPort?: number): void {
    remember(this.#initiated, keyOf(target, localPort), peer);
  }

  /** The guest accepted a flow whose socket runs from `localPort` to `relay`. */
  rememberAccepted(relay: Endpoint, localPort: number, names: FlowNames): void {
    remember(this.#accepted, keyOf(relay, localPort), names);
  }

  find(local: Endpoint, peer: Endpoint): { peer: Endpoint; local?: Endpoint } | undefined {
    const names = this.#accepted.get(keyOf(peer, local.port));
    if (names) return names;
    const destination = this.#initiated.get(keyOf(peer, local.port)) ?? this.#initiated.get(keyOf(peer));
    return destination && { peer: destination };
  }
}

function keyOf({ address, port }: Endpoint, localPort?: number): string {
  return `${address}:${port}:${localPort ?? 'any'}`;
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > MAX_FLOWS && !oldest.done) map.delete(oldest.value);
}
