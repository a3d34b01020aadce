import type { HostRequests, Member, OverlayView } from '../membership/join.ts';

/** The part of the overlay that discovery uses. */
export type Directory = Pick<OverlayView, 'nodeId' | 'overlay' | 'members' | 'gateways' | 'onChange'> &
  Pick<HostRequests, 'resolve' | 'reverse'>;

/** A node as described to guests, in files and over the membership socket. */
export interface NodeEntry {
  readonly id: number;
  readonly address: string;
  /** The names of the service and of the container, the aliases, and `node-<id>`. */
  readonly names: readonly string[];
  /** TCP ports on which the node's guest listens. */
  readonly ports: readonly number[];
  readonly self: boolean;
}

/**
 * Returns every node that can be reached, and this node. A member that changes is replaced by a new object.
 */
export function visibleMembers(directory: Directory): Map<number, Member> {
  const all = [...directory.members()];
  return new Map(all.filter(([id, { state }]) => state !== 'starting' || id === directory.nodeId));
}

export function entryOf({ id, address, names, ports }: Member, self: number): NodeEntry {
  return { id, address, names, ports, self: id === self };
}

/** Returns `visibleMembers` as entries, sorted by id. */
export function entriesOf(directory: Directory): NodeEntry[] {
  const entries = [...visibleMembers(directory).values()].map((member) => entryOf(member, directory.nodeId));
  return entries.sort((a, b) => a.id - b.id);
}

/** Returns a line in the format of /etc/hosts. */
export const hostsLine = ({ address, names }: NodeEntry): string => `${address}\t${names.join(' ')}\n`;
