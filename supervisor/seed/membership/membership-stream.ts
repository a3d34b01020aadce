import type { Session } from '../../control/session.ts';
import type { NamesByNetwork } from '../../protocol/join.ts';
import { NO_SEED_OBSERVER, type SeedObserver } from '../metrics/seed-observer.ts';
import type { NodeRecord, Side } from '../nodes/node-record.ts';
import type { NodeRegistry } from '../nodes/node-registry.ts';
import { MembershipView, type Telling, viewKeyOf } from './membership-view.ts';

/**
 * How long changes are gathered before nodes are told, ms. A burst of twenty joins is then one message to
 * each node.
 */
const BATCH = 10;
/**
 * The pause after telling all nodes, as a multiple of the time that it took, so that most of the seed's time
 * is left for joining nodes.
 */
const REST_RATIO = 3;
const LONGEST_REST = 200;
/**
 * Number of waiting bytes beyond which a node counts as slow. The snapshot of a large overlay is longer, but
 * alone does not make a node slow.
 */
const SLOW = 262_144;

interface Subscriber {
  readonly session: Session;
  readonly node: NodeRecord;
  readonly side: Side;
  readonly takesDeflated: boolean;
  /** The node's networks when its view was last looked up. */
  networks: NamesByNetwork;
  viewKey: string;
  /** The node reads slowly: it gets nothing until it has read everything, and then a snapshot. */
  behind: boolean;
}

/** Tells every node about the nodes that it may see. */
export class MembershipStream {
  readonly #seed: string;
  readonly #registry: NodeRegistry;
  readonly #gatewaysFor: (networks: NamesByNetwork) => readonly string[];
  readonly #observer: SeedObserver;
  readonly #subscribers = new Map<Session, Subscriber>();
  readonly #views = new Map<string, MembershipView>();
  readonly #find = (id: number) => this.#registry.get(id);
  #changed = new Map<number, NamesByNetwork>();
  #epoch = 0;
  /** The earliest time at which nodes may be told again, as performance.now(). */
  #notBefore = 0;
  #firstChange = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `seed` names this run of the seed. */
  constructor(
    seed: string,
    registry: NodeRegistry,
    gatewaysFor: (networks: NamesByNetwork) => readonly string[],
    observer: SeedObserver = NO_SEED_OBSERVER,
  ) {
    this.#seed = seed;
    this.#registry = registry;
    registry.onChange((id, before) => this.#gather(id, before));
    this.#gatewaysFor = gatewaysFor;
    this.#observer = observer;
  }

  /** Sends a snapshot at once, and changes from then on, until the session ends. */
  subscribe(session: Session, node: NodeRecord, side: Side, takesDeflated = false): void {
    const { networks } = node;
    const viewKey = viewKeyOf(node, side);
    const subscriber = { session, node, side, networks, viewKey, takesDeflated, behind: false };
    this.#subscribers.set(session, subscriber);
    void session.closed.then(() => this.#subscribers.delete(session));
    this.#sendSnapshot(subscriber);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #gather(id: number, before: NamesByNetwork): void {
    if (!this.#changed.has(id)) this.#changed.set(id, before);
    for (const view of this.#views.values()) view.changed(id);
    if (this.#timer !== undefined) return;
    const now = performance.now();
    this.#firstChange = now;
    this.#timer = setTimeout(() => this.#flush(), Math.max(BATCH, this.#notBefore - now));
  }

  #flush(): void {
    const started = performance.now();
    this.#timer = undefined;
    this.#epoch += 1;
    const changed = this.#changed;
    this.#changed = new Map();
    for (const view of this.#views.values()) view.flushed();
    const deltas = new Map<string, readonly Telling[]>();
    for (const subscriber of this.#subscribers.values()) {
      const moved = this.#hasMoved(subscriber);
      if (subscriber.behind) continue;
      if (moved) {
        this.#sendSnapshot(subscriber);
        continue;
      }
      const tellings =
        deltas.get(subscriber.viewKey) ?? this.#viewOf(subscriber).delta(changed, this.#find, this.#epoch);
      deltas.set(subscriber.viewKey, tellings);
      this.#send(subscriber, tellings);
    }
    this.#forgetViews();
    const now = performance.now();
    this.#notBefore = now + Math.min(LONGEST_REST, REST_RATIO * (now - started));
    this.#observer.fannedOut(changed.size, this.#subscribers.size, now - started, now - this.#firstChange);
  }

  /** Whether the node's networks have changed, so that it sees other nodes now. */
  #hasMoved(subscriber: Subscriber): boolean {
    const { node, side, networks, viewKey } = subscriber;
    if (networks === node.networks) return false;
    subscriber.networks = node.networks;
    subscriber.viewKey = viewKeyOf(node, side);
    return subscriber.viewKey !== viewKey;
  }

  #viewOf({ viewKey, node, side }: Subscriber): MembershipView {
    let view = this.#views.get(viewKey);
    if (!view) {
      // Nodes on the same networks share a view. In it, each node appears to itself as it appears to the
      // others.
      const { networks } = node;
      view = new MembershipView({ id: Object.keys(networks).length === 0 ? node.id : 0, networks }, side);
      this.#views.set(viewKey, view);
    }
    return view;
  }

  #forgetViews(): void {
    if (this.#views.size <= 1) return;
    const used = new Set([...this.#subscribers.values()].map(({ viewKey }) => viewKey));
    for (const key of this.#views.keys()) if (!used.has(key)) this.#views.delete(key);
  }

  #sendSnapshot(subscriber: Subscriber): void {
    const { networks } = subscriber.node;
    const head = { epoch: this.#epoch, seed: this.#seed, gateways: { names: this.#gatewaysFor(networks) } };
    const view = this.#viewOf(subscriber);
    this.#send(
      subscriber,
      view.snapshot(() => this.#registry.all(), this.#changed, this.#find, head),
    );
  }

  #send(subscriber: Subscriber, tellings: readonly Telling[]): void {
    const { session, takesDeflated } = subscriber;
    if (tellings.length === 0 || subscriber.behind) return;
    if (session.queued <= SLOW) {
      for (const telling of tellings) session.notifyEncoded(telling.for(takesDeflated));
      return;
    }
    subscriber.behind = true;
    const catchUp = () => {
      subscriber.behind = false;
      this.#sendSnapshot(subscriber);
    };
    session.drained().then(catchUp, () => undefined);
  }
}
