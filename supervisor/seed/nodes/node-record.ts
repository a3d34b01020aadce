import type { Endpoint } from '../../control/endpoint.ts';
import type { Session } from '../../control/session.ts';
import type { Duty } from '../../protocol/duty.ts';
import type { NamesByNetwork } from '../../protocol/join.ts';
import type { Member } from '../../protocol/membership.ts';
import type { Filtering, NatKind } from '../../protocol/offer.ts';
import type { NodeStatus } from '../../published/node-config.ts';

/** Sends requests to a node, directly or through the seed to which the node is connected. */
export type NodeSession = Pick<Session, 'request' | 'close'>;

/**
 * The side from which a node reaches the seed: on the seed's own networks, or by the address that the seed
 * advertises to the outside. A node on one side cannot be reached at its address from the other side.
 */
export type Side = 'inside' | 'outside';

/** A connection of a node to a seed. */
export interface Attachment {
  readonly session: NodeSession;
  /** The other seed to which the node is connected; undefined for this seed. */
  readonly seed?: string | undefined;
  /** The address at which this end reaches the seed. */
  readonly via: string;
  readonly observed: Endpoint;
  readonly direct: boolean;
  readonly side: Side;
  nat: NatKind;
  filtering: Filtering;
  /**
   * Aborts when the node has fallen silent: a host that is frozen or cut off does not end its connections
   * itself.
   */
  readonly lost: AbortSignal;
  readonly requestId?: string | undefined;
  readonly functionName?: string | undefined;
}

/** `host` is the supervisor of the guest itself, in a container or a function. */
export type Slot = 'host' | 'phantom';

/** The seed's record of a node; only the registry changes it. */
export interface NodeRecord {
  readonly id: number;
  readonly address: string;
  readonly service: string;
  readonly role: 'container' | 'function';
  networks: NamesByNetwork;
  container: string;
  /** Only an `active` node is found by its names. */
  duty: Duty;
  ports: readonly number[];
  /** The time when the node came into its current state, ms since the epoch. */
  since: number;
  host: Attachment | undefined;
  phantom: Attachment | undefined;
  /**
   * The host was connected to the last seed and has not returned yet. Until it returns, this seed does not
   * report the node to others.
   */
  absent: boolean;
}

/** A node as a viewer: it sees itself, and all nodes that share a network with it. */
export interface Viewer {
  readonly id: number;
  readonly networks: NamesByNetwork;
}

export function sharesNetwork(a: NamesByNetwork, b: NamesByNetwork): boolean {
  return Object.keys(a).some((network) => Object.hasOwn(b, network));
}

export function isVisible(viewer: Viewer, node: Viewer): boolean {
  return viewer.id === node.id || sharesNetwork(viewer.networks, node.networks);
}

/** Returns the names by which `viewer` knows a node, always including `node-<id>`. */
export function namesFor(viewer: Viewer, node: Viewer): string[] {
  const shared = Object.entries(node.networks).filter(([network]) => Object.hasOwn(viewer.networks, network));
  return [...new Set([...shared.flatMap(([, names]) => names), `node-${node.id}`])];
}

/**
 * Returns the node as `viewer` may see it; undefined if the viewer must not see it. `side` is the viewer's
 * side.
 */
export function memberFor(viewer: Viewer, side: Side, node: NodeRecord): Member | undefined {
  if (node.absent || !isVisible(viewer, node)) return undefined;
  const apart = node.host !== undefined && node.host.side !== side;
  return {
    id: node.id,
    address: node.address,
    // The names of a node that is not active lead to another node; its open connections stay.
    names: node.duty === 'active' ? namesFor(viewer, node) : [`node-${node.id}`],
    ports: node.ports,
    underlay: node.host?.observed.address ?? '',
    direct: (node.host?.direct ?? false) && !apart,
    ...(apart ? { apart } : {}),
    state: stateOf(node, node.host !== undefined),
    nat: node.host?.nat ?? 'unknown',
    filtering: node.host?.filtering ?? 'unknown',
  };
}

function stateOf({ duty }: NodeRecord, connected: boolean): Member['state'] {
  if (!connected) return 'starting';
  return duty === 'active' ? 'up' : duty;
}

export function statusOf(node: NodeRecord): NodeStatus {
  const { requestId, functionName } = node.host ?? {};
  return {
    id: node.id,
    role: node.role,
    service: node.service,
    state: stateOf(node, node.host !== undefined || node.absent),
    names: namesFor(node, node),
    address: node.address,
    ports: [...node.ports],
    container: node.container,
    ...(requestId === undefined ? {} : { requestId }),
    ...(functionName === undefined ? {} : { functionName }),
    since: node.since,
  };
}
