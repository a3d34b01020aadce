import type { Relay } from '../network/relay/relay.ts';

/** The relay, and how many bytes those of its flows carried that have ended. */
export function countRelay(relay: Relay): { readonly relay: Relay; carried(): number } {
  return { relay, carried: () => relay.status().carried };
}
