import type { Duty } from '../../protocol/duty.ts';
import type { NamesByNetwork } from '../../protocol/join.ts';
import type { NodeIds } from './node-ids.ts';
import type { Attachment, NodeRecord, Slot } from './node-record.ts';
import { addressAt, type OverlayRange, offsetOf } from './overlay-range.ts';
import type { RememberedNode } from './remembered-node.ts';

/**
 * Called after every visible change of a node. `before` are its networks before the change; {} for a new
 * node.
 */
export type ChangeListener = (id: number, before: NamesByNetwork) => void;

/** A node's connection as another seed reports it. */
export interface Told
  extends Pick<NodeRecord, 'service' | 'role' | 'networks' | 'container' | 'duty' | 'ports' | 'since'> {
  readonly attachment: Attachment;
}

/** All nodes whose host or phantom is connected. */
export class NodeRegistry {
  readonly #range: OverlayRange;
  readonly #ids: NodeIds;
  readonly #listeners = new Set<ChangeListener>();
  readonly #byId = new Map<number, NodeRecord>();
  readonly #byAddress = new Map<string, NodeRecord>();

  constructor(range: OverlayRange, ids: NodeIds) {
    this.#range = range;
    this.#ids = ids;
  }

  /** Calls `listener` after every change. Returns a function that unsubscribes it. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get(id: number): NodeRecord | undefined {
    return this.#byId.get(id);
  }

  at(address: string): NodeRecord | undefined {
    return this.#byAddress.get(address);
  }

  /**
   * Returns the node id to which an overlay address belongs, whether or not there is such a node; undefined
   * for other addresses.
   */
  idAt(address: string): number | undefined {
    return offsetOf(this.#range, address);
  }

  all(): NodeRecord[] {
    return [...this.#byId.values()];
  }

  /** Adds a new node under an id that was allocated for it. */
  create(id: number, service: string, role: NodeRecord['role']): NodeRecord {
    return this.#add(id, service, role);
  }

  /**
   * Returns the node with this id as it is, or as it was recorded if the seed or the node was away. Undefined
   * if the id belongs to another owner or is not known.
   */
  reclaim(
    id: number,
    { service, role }: Pick<NodeRecord, 'service' | 'role'>,
    remembered: RememberedNode | undefined,
    absent: boolean,
  ): NodeRecord | undefined {
    const present = this.#byId.get(id);
    const known = present ?? remembered;
    if (known?.role !== role || known.service !== service) return undefined;
    if (present) return present;
    if (!remembered || !this.#ids.claim(id)) return undefined;
    const node = this.#add(id, service, role);
    const { networks, container, duty, ports, since } = remembered;
    Object.assign(node, { networks, container, duty, absent }, absent ? { ports, since } : {});
    return node;
  }

  /** Gives up waiting for the host of a node. */
  settle(id: number): void {
    const node = this.#byId.get(id);
    if (!node?.absent) return;
    Object.assign(node, { absent: false, ports: [], since: Date.now() });
    this.#changed(id, node.networks);
  }

  /**
   * Attaches a connection of a node or its phantom, and closes the older connection in the same slot. `back`:
   * the node returns, and keeps its ports.
   */
  attach(node: NodeRecord, slot: Slot, attachment: Attachment, back = false): void {
    const before = node[slot];
    node[slot] = attachment;
    if (slot === 'host') {
      const goesOn = back && (node.absent || before?.seed !== undefined);
      if (!goesOn) Object.assign(node, { ports: [], since: Date.now() });
      node.absent = false;
    }
    void before?.session.close('replaced by a newer connection');
    this.#changed(node.id, node.networks);
  }

  /** Takes over a node that is connected to another seed, as that seed reports it. */
  adopt(id: number, slot: Slot, told: Told): void {
    this.#ids.claim(id);
    const node = this.#byId.get(id) ?? this.#add(id, told.service, told.role);
    const before = node.networks;
    const old = node[slot];
    node[slot] = told.attachment;
    if (Object.keys(told.networks).length > 0)
      Object.assign(node, { networks: told.networks, container: told.container });
    // The seed to which the phantom is connected knows the duty.
    if (slot === 'phantom') node.duty = told.duty;
    if (slot === 'host') Object.assign(node, { ports: told.ports, since: told.since, absent: false });
    if (old && !old.seed) void old.session.close('replaced by a connection with another seed');
    this.#changed(id, before);
  }

  /** Sets the networks, container and duty that a container or a phantom reports. */
  describe(node: NodeRecord, networks: NamesByNetwork, container: string, duty: Duty = 'active'): void {
    const before = node.networks;
    Object.assign(node, { networks, container, duty });
    this.#changed(node.id, before);
  }

  assign(node: NodeRecord, duty: Duty): void {
    node.duty = duty;
    this.#changed(node.id, node.networks);
  }

  listening(node: NodeRecord, ports: readonly number[]): void {
    node.ports = ports;
    this.#changed(node.id, node.networks);
  }

  /** Sets facts about the NAT in front of a node. */
  facts(
    node: NodeRecord,
    attachment: Attachment,
    facts: Partial<Pick<Attachment, 'nat' | 'filtering'>>,
  ): void {
    Object.assign(attachment, facts);
    if (node.host === attachment) this.#changed(node.id, node.networks);
  }

  /**
   * Detaches a connection of a node or its phantom. Does nothing if another connection has taken the slot.
   */
  detach(node: NodeRecord, slot: Slot, attachment: Attachment): void {
    if (node[slot] !== attachment) return;
    node[slot] = undefined;
    if (slot === 'host') {
      node.ports = [];
      node.since = Date.now();
    }
    if (!node.host && !node.phantom) this.#remove(node);
    this.#changed(node.id, node.networks);
  }

  #changed(id: number, before: NamesByNetwork): void {
    if (this.#byId.get(id)?.absent) return;
    for (const listener of this.#listeners) listener(id, before);
  }

  #add(id: number, service: string, role: NodeRecord['role']): NodeRecord {
    const node: NodeRecord = {
      id,
      address: addressAt(this.#range, id),
      service,
      role,
      networks: {},
      container: '',
      duty: 'active',
      ports: [],
      since: Date.now(),
      host: undefined,
      phantom: undefined,
      absent: false,
    };
    this.#byId.set(id, node);
    this.#byAddress.set(node.address, node);
    return node;
  }

  #remove(node: NodeRecord): void {
    this.#byId.delete(node.id);
    this.#byAddress.delete(node.address);
    this.#ids.release(node.id);
  }
}
