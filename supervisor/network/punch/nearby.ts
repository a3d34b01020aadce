import type { PunchIntroduction } from '../../membership/join.ts';

/**
 * The introduction of a connection between two nodes on one network: the acceptor listens for it instead of opening a door, and the
 * guest chooses its port itself. The message has no other form for that than these two ports, which no real introduction has.
 */
const NO_DOOR = 0;
const UNKNOWN_PORT = 1;

/** An introduction to the guest's port `port`, by the node that others see at `from` and the overlay at `peer`. */
export function nearbyIntroduction(id: string, port: number, from: string, peer: string): PunchIntroduction {
  return {
    id,
    port,
    at: NO_DOOR,
    from: { address: from, port: UNKNOWN_PORT },
    peer: { address: peer, port: UNKNOWN_PORT },
    underWay: false,
  };
}

/** Whether the initiator is on this node's own network. */
export function isNearby({ at }: PunchIntroduction): boolean {
  return at === NO_DOOR;
}
