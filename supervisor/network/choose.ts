import type { Filtering, NatKind } from '../protocol/offer.ts';

/** The facts about one node that decide how two nodes connect. */
export interface Facts {
  readonly nat: NatKind;
  readonly filtering: Filtering;
  /**
   * The two nodes reach the seed from different sides, so neither can be reached at its address by the other.
   */
  readonly apart?: boolean | undefined;
}

export interface Choice {
  readonly transport: 'direct' | 'punch' | 'relay';
  readonly why: string;
}

/** Returns the choice of the relay, for the reason `why`. */
export function relay(why: string): Choice {
  return { transport: 'relay', why };
}

/**
 * Chooses how two nodes connect, from facts alone. A punch that fails later falls back to the relay. The
 * process monitor chooses `direct` by the same rule, without asking the supervisor.
 */
export function choose(self: Facts, peer: Facts): Choice {
  if (peer.apart) return relay('only one of the two is on the networks of the seed');
  if (peer.nat === 'none') return { transport: 'direct', why: 'no NAT in front of the other node' };
  for (const [whose, { nat }] of [
    ['this node', self],
    ['the other node', peer],
  ] as const) {
    if (nat === 'symmetric') return relay(`the NAT of ${whose} gives every connection another port`);
    if (nat === 'unknown') return relay(`the NAT of ${whose} is not known (yet)`);
  }
  const mapped = self.nat === 'mapped' || peer.nat === 'mapped';
  return {
    transport: 'punch',
    why: mapped ? 'ports are the same for all destinations' : 'ports are kept',
  };
}

/**
 * When a guest's first packet leaves. `at once`: together with the introduction; the acceptor's NAT drops it,
 * and the acceptor's first packet finds the guest's socket open. `ahead`: a moment after the introduction, so
 * that the acceptor's NAT is open when the guest's packet arrives; the two first packets cross. `answered`:
 * when the acceptor has answered that its first packet has left, or that nobody listens.
 */
export type Order = 'at once' | 'ahead' | 'answered';

export interface OrderFacts {
  /** The round trip between the two nodes in ms; undefined if it has not been measured. */
  readonly rtt: number | undefined;
  readonly ownFiltering: Filtering;
  /**
   * No NAT is in front of this node, so its host resets a packet that arrives before the guest's first packet
   * has left.
   */
  readonly isOpen: boolean;
  readonly peerFiltering: Filtering;
  /** Whether the other node is known to listen on the port. */
  readonly isListening: boolean;
  /**
   * Both nodes are behind one NAT that leads them back to each other. That NAT drops unexpected packets, and
   * only the hosts reset them.
   */
  readonly isHairpin: boolean;
}

export interface Plan {
  readonly order: Order;
  /** The guest's first packet may be reset. The process monitor then has to repeat connect(). */
  readonly mayBeReset: boolean;
}

/**
 * Nodes with a round trip shorter than this are near, ms. The acceptor's answer then arrives before a head
 * start would be over, and the acceptor knows best whether anybody listens.
 */
const NEAR = 3;

/**
 * Decides the order of the first packets. Returns undefined if both sides reset early packets and are so near
 * that their packets hardly ever cross: each packet would have to leave within the microseconds in which the
 * other one is on its way.
 */
export function orderOf({
  rtt,
  ownFiltering,
  isOpen,
  peerFiltering,
  isListening,
  isHairpin,
}: OrderFacts): Plan | undefined {
  const isFar = rtt !== undefined && rtt >= NEAR;
  const soon = isFar && isListening ? 'ahead' : 'answered';
  // Each host resets packets that arrive before its own socket is open.
  if (isHairpin) return { order: 'answered', mayBeReset: true };
  if (peerFiltering === 'silent' && isOpen && isListening && rtt !== undefined && !isFar)
    return { order: 'at once', mayBeReset: false };
  if (peerFiltering === 'silent') return { order: soon, mayBeReset: false };
  // The acceptor's first packet opens its NAT. This side drops that packet silently, so the NAT stays open.
  if (ownFiltering === 'silent') return { order: 'answered', mayBeReset: false };
  return isFar ? { order: soon, mayBeReset: true } : undefined;
}
