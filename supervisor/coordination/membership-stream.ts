import { MessageType } from '../control/message-type.ts';
import type { Session } from '../control/session.ts';
import type { Member, MembershipUpdate, NamesByNetwork } from './messages.ts';
import { isVisible, memberFor, type NodeRecord, type Viewer } from './node-record.ts';
import type { NodeRegistry } from './node-registry.ts';

/** ms in which changes gather before they are told: a burst of twenty joins is then one message to each. */
const BATCH = 10;
/** Where telling all nodes takes long, changes gather for so many times as long: most of the time is for those who want to join. */
const BATCH_RATIO = 4;
const LONGEST_BATCH = 200;
/** Characters of members' JSON in one message; well below the frame limit. */
const MAX_MESSAGE = 500_000;

interface Subscriber {
  readonly session: Session;
  readonly node: NodeRecord;
  /** The peer is slow: nothing is sent until it has read what it got, then it gets a snapshot. */
  behind: boolean;
}

/** Tells every node about those that it may see. */
export class MembershipStream {
  readonly #seed: string;
  readonly #registry: NodeRegistry;
  readonly #gatewaysFor: (networks: NamesByNetwork) => readonly string[];
  readonly #subscribers = new Map<Session, Subscriber>();
  /** Changed nodes -> their networks before. */
  #changed = new Map<number, NamesByNetwork>();
  #epoch = 0;
  #delay = BATCH;
  #timer: NodeJS.Timeout | undefined;

  /** `seed` names this run of the seed. */
  constructor(
    seed: string,
    registry: NodeRegistry,
    gatewaysFor: (networks: NamesByNetwork) => readonly string[],
  ) {
    this.#seed = seed;
    this.#registry = registry;
    registry.onChange((id, before) => this.#gather(id, before));
    this.#gatewaysFor = gatewaysFor;
  }

  /** Sends a snapshot at once, and changes from then on, until the session ends. */
  subscribe(session: Session, node: NodeRecord): void {
    const subscriber = { session, node, behind: false };
    this.#subscribers.set(session, subscriber);
    void session.closed.then(() => this.#subscribers.delete(session));
    this.#sendSnapshot(subscriber);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #gather(id: number, before: NamesByNetwork): void {
    if (!this.#changed.has(id)) this.#changed.set(id, before);
    this.#timer ??= setTimeout(() => this.#flush(), this.#delay);
  }

  #flush(): void {
    const started = performance.now();
    this.#timer = undefined;
    this.#epoch += 1;
    const changed = this.#changed;
    this.#changed = new Map();
    const encoded = new Map<string, Buffer[]>();
    for (const subscriber of this.#subscribers.values()) {
      if (subscriber.behind) continue;
      const before = changed.get(subscriber.node.id) ?? subscriber.node.networks;
      if (viewOf({ id: 0, networks: before }) !== viewOf({ ...subscriber.node, id: 0 })) {
        this.#sendSnapshot(subscriber);
        continue;
      }
      // Nodes on the same networks see the same: a burst is encoded once for each such group, not for each node.
      const view = viewOf(subscriber.node);
      const messages = encoded.get(view) ?? this.#delta(subscriber.node, changed);
      encoded.set(view, messages);
      this.#send(subscriber, messages);
    }
    const cost = performance.now() - started;
    this.#delay = Math.min(LONGEST_BATCH, Math.max(BATCH, BATCH_RATIO * cost));
  }

  #delta(viewer: Viewer, changed: ReadonlyMap<number, NamesByNetwork>): Buffer[] {
    const nodes: Member[] = [];
    const removed: number[] = [];
    for (const [id, before] of changed) {
      const node = this.#registry.get(id);
      const member = node && memberFor(viewer, node);
      if (member) nodes.push(member);
      else if (isVisible(viewer, { id, networks: before })) removed.push(id);
    }
    return nodes.length + removed.length === 0
      ? []
      : encode({ epoch: this.#epoch, snapshot: false, nodes, removed });
  }

  #sendSnapshot(subscriber: Subscriber): void {
    const nodes = this.#registry.all().flatMap((node) => memberFor(subscriber.node, node) ?? []);
    const gateways = this.#gatewaysFor(subscriber.node.networks);
    const update = { epoch: this.#epoch, snapshot: true, nodes, removed: [], seed: this.#seed, gateways };
    this.#send(subscriber, encode(update));
  }

  #send(subscriber: Subscriber, messages: readonly Buffer[]): void {
    const { session } = subscriber;
    const flowing = messages.map((message) => session.notify(MessageType.membership, message)).every(Boolean);
    if (flowing || subscriber.behind) return;
    subscriber.behind = true;
    const catchUp = () => {
      subscriber.behind = false;
      this.#sendSnapshot(subscriber);
    };
    session.drained().then(catchUp, () => undefined);
  }
}

/** Viewers with equal keys see the same nodes under the same names. */
function viewOf({ id, networks }: Viewer): string {
  const keys = Object.keys(networks);
  return keys.length === 0 ? `node ${id}` : JSON.stringify(keys.sort());
}

/** One message, or several where one would not fit a frame: then the first is what was asked for and the others are deltas. */
function encode(update: MembershipUpdate): Buffer[] {
  const parts: string[][] = [[]];
  let size = 0;
  for (const member of update.nodes) {
    const json = JSON.stringify(member);
    size += json.length;
    if (size > MAX_MESSAGE) {
      parts.push([]);
      size = json.length;
    }
    parts.at(-1)?.push(json);
  }
  return parts.map((members, index) => {
    const { gateways, ...rest } = update;
    const head =
      index === 0
        ? { ...rest, ...(gateways ? { gateways: { names: gateways } } : {}) }
        : { epoch: update.epoch, snapshot: false, removed: [] };
    const { nodes: _nodes, ...fields } = { nodes: [], ...head };
    return Buffer.from(`${JSON.stringify(fields).slice(0, -1)},"nodes":[${members.join()}]}`);
  });
}
