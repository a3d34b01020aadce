import type { Endpoint } from '../control/endpoint.ts';

/** The overlay's view of one connection: what the guest's own end and the far end are called. */
export interface FlowNames {
  readonly local: Endpoint;
  readonly peer: Endpoint;
}

/** Remembers how relayed and punched connections are called in the overlay, for getpeername() and its kin. */
export interface FlowNameTable {
  /** The guest connects to `there`: from `localPort`, or to a port that was opened for this one flow. */
  rememberInitiated(there: Endpoint, peer: Endpoint, localPort?: number): void;
  /** The guest accepted a flow whose socket runs from `localPort` to `relay`. */
  rememberAccepted(relay: Endpoint, localPort: number, names: FlowNames): void;
  find(local: Endpoint, peer: Endpoint): { peer: Endpoint; local?: Endpoint } | undefined;
}

/**
 * Keys are endpoints that the kernel uses once at a time, so a reused one overwrites its predecessor; the bound is
 * above what one node can hold open (1,024 descriptors in a function), the oldest go first.
 */
const MAX_FLOWS = 65_536;

const keyOf = (endpoint: Endpoint, localPort = 0) => `${endpoint.address}:${endpoint.port}:${localPort}`;

export function createFlowNameTable(): FlowNameTable {
  const initiated = new Map<string, Endpoint>();
  const accepted = new Map<string, FlowNames>();

  function remember<T>(map: Map<string, T>, key: string, value: T): void {
    map.delete(key);
    map.set(key, value);
    const oldest = map.keys().next();
    if (map.size > MAX_FLOWS && !oldest.done) map.delete(oldest.value);
  }

  return {
    rememberInitiated: (there, peer, localPort) => remember(initiated, keyOf(there, localPort), peer),
    rememberAccepted: (relay, localPort, names) => remember(accepted, keyOf(relay, localPort), names),
    find(local, peer) {
      const names = accepted.get(keyOf(peer, local.port));
      if (names) return names;
      const destination = initiated.get(keyOf(peer, local.port)) ?? initiated.get(keyOf(peer));
      return destination && { peer: destination };
    },
  };
}
