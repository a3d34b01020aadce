import type { PunchIntroduction } from '../../membership/join.ts';

/**
 * The ports that mark the introduction of a connection between two nodes on one network. The acceptor listens
 * for the connection instead of opening an inbound port, and the guest chooses its port itself. The message
 * marks this case only by these two ports, which no other introduction has.
 */
const NO_INBOUND_PORT = 0;
const UNKNOWN_PORT = 1;

/**
 * Returns an introduction to the guest's port `port`, by the node that others see at `from` and that the
 * overlay has at `peer`.
 */
export function nearbyIntroduction(id: string, port: number, from: string, peer: string): PunchIntroduction {
  return {
    id,
    port,
    at: NO_INBOUND_PORT,
    from: { address: from, port: UNKNOWN_PORT },
    peer: { address: peer, port: UNKNOWN_PORT },
    underWay: false,
  };
}

/** Whether the initiator is on the network of this node. */
export function isNearby({ at }: PunchIntroduction): boolean {
  return at === NO_INBOUND_PORT;
}
