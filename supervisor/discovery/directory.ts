import type { HostRequests, Member, OverlayView } from '../membership/join.ts';

/** What discovery needs of the overlay. */
export type Directory = Pick<OverlayView, 'nodeId' | 'overlay' | 'members' | 'gateways' | 'onChange'> &
  Pick<HostRequests, 'resolve' | 'reverse'>;

/** A node as guests are told of it, in files and over the membership socket. */
export interface NodeEntry {
  readonly id: number;
  readonly address: string;
  /** Service, aliases, container, and `node-<id>`. */
  readonly names: readonly string[];
  /** TCP ports that are listened on. */
  readonly ports: readonly number[];
  readonly self: boolean;
}

/** Every node that can be reached, and this one; a member is a new object after each change of it. */
export function visibleMembers(directory: Directory): Map<number, Member> {
  const all = [...directory.members()];
  return new Map(all.filter(([id, { state }]) => state !== 'starting' || id === directory.nodeId));
}

export function entryOf({ id, address, names, ports }: Member, self: number): NodeEntry {
  return { id, address, names, ports, self: id === self };
}

/** `visibleMembers` as entries, by id. */
export function entriesOf(directory: Directory): NodeEntry[] {
  const entries = [...visibleMembers(directory).values()].map((member) => entryOf(member, directory.nodeId));
  return entries.sort((a, b) => a.id - b.id);
}

/** One line as in /etc/hosts. */
export const hostsLine = ({ address, names }: NodeEntry): string => `${address}\t${names.join(' ')}\n`;
