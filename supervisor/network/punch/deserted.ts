import type { Member } from '../../membership/join.ts';
import type { Peer } from './peers.ts';

/** Ports on which nobody listens, as the peer says itself: the seed may not have told yet. */
export interface Deserted {
  add(peer: Peer, port: number): void;
  /** Somebody has been introduced there. */
  remove(peer: Peer, port: number): void;
  isListening(peer: Peer, member: Member, port: number): boolean;
}

export function createDeserted(): Deserted {
  const ports = new WeakMap<Peer, Set<number>>();
  const remove = (peer: Peer, port: number) => void ports.get(peer)?.delete(port);
  return {
    add: (peer, port) => void ports.set(peer, (ports.get(peer) ?? new Set()).add(port)),
    remove,
    isListening(peer, member, port) {
      if (member.ports.includes(port)) return !ports.get(peer)?.has(port);
      remove(peer, port);
      return false;
    },
  };
}
