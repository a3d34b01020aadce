import type { Endpoint } from '../control/endpoint.ts';

/** The two ends of a connection as the overlay sees them: the guest's end, and the far end. */
export interface FlowNames {
  readonly local: Endpoint;
  readonly peer: Endpoint;
}

/**
 * Maximum number of entries of a map. It is more than the connections that one node can hold open (1,024
 * descriptors in a function). The oldest entries are dropped first. A key is an endpoint that the kernel uses
 * for one connection at a time, so a reused key replaces its entry.
 */
const MAX_FLOWS = 65_536;

/** Remembers the overlay endpoints of relayed and punched connections, for getpeername() and the like. */
export class FlowNameTable {
  readonly #initiated = new Map<string, Endpoint>();
  readonly #accepted = new Map<string, FlowNames>();

  /**
   * Notes that the guest connects to `target`, which stands for `peer`. `localPort` is the guest's port; it
   * is left out if the port of `target` was opened for this one connection.
   */
  rememberInitiated(target: Endpoint, peer: Endpoint, localPort?: number): void {
    remember(this.#initiated, keyOf(target, localPort), peer);
  }

  /** Notes that the guest accepted a flow whose socket runs from `localPort` to `relay`. */
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
