import type { Filtering, NatKind } from './punch/offer.ts';

/** What decides how two nodes connect. */
export interface Facts {
  readonly nat: NatKind;
  readonly filtering: Filtering;
  /** The two reach the seed from different sides: no address of one leads to the other. */
  readonly apart?: boolean | undefined;
}

export interface Choice {
  readonly transport: 'direct' | 'punch' | 'relay';
  readonly why: string;
}

/** The choice of the relay. */
export function relay(why: string): Choice {
  return { transport: 'relay', why };
}

/** By facts alone; a punch that then fails falls back to the relay. `direct` is decided by the process monitor, by the same rule. */
export function choose(own: Facts, peer: Facts): Choice {
  if (peer.apart) return relay('only one of the two is on the networks of the seed');
  if (peer.nat === 'none') return { transport: 'direct', why: 'no NAT in front of the other node' };
  for (const [whose, { nat }] of [
    ['this node', own],
    ['the other node', peer],
  ] as const) {
    if (nat === 'symmetric') return relay(`the NAT of ${whose} gives every connection another port`);
    if (nat === 'unknown') return relay(`the NAT of ${whose} is not known (yet)`);
  }
  const mapped = own.nat === 'mapped' || peer.nat === 'mapped';
  return {
    transport: 'punch',
    why: mapped ? 'ports are the same for all destinations' : 'ports are kept',
  };
}

/**
 * When a guest's first packet leaves. `at once`: beside the introduction; the acceptor's NAT drops it, and the acceptor's own finds the
 * guest's socket there already. `ahead`: a moment after the introduction, so that the acceptor's NAT is open when it arrives,
 * and the two packets cross on the way. `answered`: when the acceptor says that its own is under way, or that nobody listens.
 */
export type Order = 'at once' | 'ahead' | 'answered';

export interface OrderFacts {
  /** ms between the two nodes, undefined where it has not been measured */
  readonly rtt: number | undefined;
  readonly own: Filtering;
  /** No NAT is in front of this node: a packet that comes before its guest's has left is reset by the host itself. */
  readonly isOpen: boolean;
  readonly peer: Filtering;
  /** Whether the other node is known to listen on the port. */
  readonly isListening: boolean;
  /** Both are behind one NAT that leads them back to each other: it drops what does not fit, only the hosts reset. */
  readonly isHairpin: boolean;
}

export interface Plan {
  readonly order: Order;
  /** The guest's packet may be answered by a reset, which the process monitor then has to take upon itself. */
  readonly mayBeReset: boolean;
}

/** Below this the acceptor's answer is there before the moment is over, ms; and it knows best who listens. */
const NEAR = 3;

/**
 * Undefined where both sides reset what comes too early and are so near that their packets hardly ever cross: each attempt would
 * have to leave within the microseconds that the other one's is on its way.
 */
export function orderOf({ rtt, own, isOpen, peer, isListening, isHairpin }: OrderFacts): Plan | undefined {
  const isFar = rtt !== undefined && rtt >= NEAR;
  const soon = isFar && isListening ? 'ahead' : 'answered';
  // The hosts reset what comes before their own side is there.
  if (isHairpin) return { order: 'answered', mayBeReset: true };
  if (peer === 'silent' && isOpen && isListening && rtt !== undefined && !isFar)
    return { order: 'at once', mayBeReset: false };
  if (peer === 'silent') return { order: soon, mayBeReset: false };
  // The acceptor's packet opens its NAT first, and this side drops it: so the NAT stays open.
  if (own === 'silent') return { order: 'answered', mayBeReset: false };
  return isFar ? { order: soon, mayBeReset: true } : undefined;
}
