import { ControlError, codeOf } from '../../control/control-error.ts';
import type { Endpoint } from '../../control/endpoint.ts';
import { type RequestMessage, unchecked } from '../../control/message.ts';
import type { RequestOptions, Session } from '../../control/session.ts';
import { choiceAt, endpointAt, fieldsOf, integerAt } from '../../protocol/fields.ts';
import { Introduce } from '../../protocol/flows.ts';
import { OtherSeeds } from '../../protocol/membership.ts';
import { AskToMeet, Pairs, Punch } from '../../protocol/punch.ts';
import type { Absentees } from '../nodes/absentees.ts';
import type { NodeSession, Slot } from '../nodes/node-record.ts';
import type { NodeRegistry } from '../nodes/node-registry.ts';
import type { Bus, Change, Store } from '../store/store.ts';
import { type LiveEntry, liveEntryOf, parseLiveEntry } from './live-entry.ts';
import { WriteBehind } from './write-behind.ts';

export interface PeerSeedsOptions {
  /** Of this seed, another one for each of its lives: letters and digits. */
  readonly name: string;
  readonly store: Store;
  readonly bus: Bus;
  readonly registry: NodeRegistry;
  readonly absentees: Absentees;
  /** Where nodes reach this seed's control listener. */
  readonly at: Endpoint;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A seed that did not say for so long that it is there is not, ms; and how often it says so. */
const PRESENCE_TTL = 3000;
const PRESENCE_INTERVAL = 1000;
/** How long the nodes of a seed that has gone may take to come to another one, ms. */
const GRACE = 5000;
/** How long who asks for such a node waits for that, ms. */
const MOVE_TIMEOUT = 3000;
const DEFAULT_TIMEOUT = 10_000;
/** A bound for what a seed leaves of which nobody takes notice any more, ms. */
const LIVE_TTL = 86_400_000;
/** What one seed asks a node of another seed's. */
const FORWARDED: ReadonlySet<number> = new Set([
  Introduce.number,
  AskToMeet.number,
  Punch.number,
  Pairs.number,
]);
const SLOTS: readonly Slot[] = ['host', 'phantom'];

/** The other seeds that share the store: each tells of the nodes that are connected to it, and asks them on behalf of the others. */
export class PeerSeeds {
  readonly #options: PeerSeedsOptions;
  readonly #writer: WriteBehind;
  /** Revisions of our own entries. */
  readonly #written = new Map<string, { readonly text: string; readonly revision: number }>();
  readonly #peers = new Map<string, Endpoint>();
  readonly #departing = new Map<string, NodeJS.Timeout>();
  readonly #listeners = new Set<Session>();
  readonly #timer: NodeJS.Timeout;

  private constructor(options: PeerSeedsOptions) {
    this.#options = options;
    this.#writer = new WriteBehind((key) => this.#write(key), options.signal);
    this.#timer = setInterval(() => void this.#present(), PRESENCE_INTERVAL);
    this.#timer.unref();
  }

  /** Learns of the nodes of other seeds. Rejects as `Store`. */
  static async open(options: PeerSeedsOptions): Promise<PeerSeeds> {
    const { store, bus, registry, signal, name } = options;
    const seeds = new PeerSeeds(options);
    signal.addEventListener('abort', () => seeds.#close(), { once: true });
    bus.serve(name, (message) => seeds.#forward(message), signal);
    await store.watch('seed', (change) => seeds.#noteSeed(change), signal);
    await store.watch('live', (change) => seeds.#noteLive(change), signal);
    await seeds.#present();
    const touch = (id: number) => {
      for (const slot of SLOTS) seeds.#writer.touch(`live.${id}.${slot}`);
    };
    const unfollow = registry.onChange(touch);
    for (const { id } of registry.all()) touch(id);
    signal.addEventListener('abort', unfollow, { once: true });
    return seeds;
  }

  /** Tells a node where else it finds a seed, now and whenever that changes. */
  announceTo(session: Session): void {
    this.#listeners.add(session);
    void session.closed.then(() => this.#listeners.delete(session));
    this.#tell(session);
  }

  #close(): void {
    const { store, name } = this.#options;
    clearInterval(this.#timer);
    for (const timer of this.#departing.values()) clearTimeout(timer);
    // The nodes that were here may come to the others at once; what they are stays written until then.
    void store.remove(`seed.${name}`).catch(() => undefined);
  }

  async #present(): Promise<void> {
    const { store, name, at } = this.#options;
    await store.put(`seed.${name}`, { at }, { ttl: PRESENCE_TTL }).catch(() => undefined);
  }

  #noteSeed({ key, value }: Change): void {
    const name = nameOf(key);
    if (name === this.#options.name) return;
    clearTimeout(this.#departing.get(name));
    this.#departing.delete(name);
    if (value === undefined) {
      if (!this.#peers.delete(name)) return;
      this.#options.log(`seed ${name} has gone`);
      this.#expectDeparture(name);
    } else {
      const known = this.#peers.has(name);
      this.#peers.set(name, endpointAt(fieldsOf(value), 'at'));
      if (known) return;
      this.#options.log(`seed ${name} is there, too`);
    }
    for (const session of this.#listeners) this.#tell(session);
  }

  /** Its nodes are on their way to another seed; those that do not arrive have gone with it. */
  #expectDeparture(seed: string): void {
    if (this.#departing.has(seed) || this.#peers.has(seed)) return;
    const timer = setTimeout(() => {
      this.#departing.delete(seed);
      const { registry } = this.#options;
      for (const node of registry.all())
        for (const slot of SLOTS) {
          const end = node[slot];
          if (end?.seed !== seed) continue;
          registry.detach(node, slot, end);
          this.#forget(`live.${node.id}.${slot}`, seed);
        }
    }, GRACE);
    timer.unref();
    this.#departing.set(seed, timer);
  }

  #forget(key: string, seed: string): void {
    const { store } = this.#options;
    const remove = async () => {
      const entry = await store.get(key);
      if (entry && parseLiveEntry(entry.value).seed === seed)
        await store.remove(key, { revision: entry.revision });
    };
    remove().catch(() => undefined);
  }

  #noteLive({ key, value }: Change): void {
    const { registry, absentees, log, name } = this.#options;
    const [, first = '', second] = key.split('.');
    const id = Number(first);
    const slot: Slot = second === 'phantom' ? 'phantom' : 'host';
    if (value === undefined) {
      const node = registry.get(id);
      const end = node?.[slot];
      if (node && end?.seed !== undefined) registry.detach(node, slot, end);
      return;
    }
    try {
      const entry = parseLiveEntry(value);
      if (entry.seed === name) return;
      registry.adopt(id, slot, { ...entry, attachment: this.#attachment(id, slot, entry) });
      if (slot === 'host') absentees.remove(id);
      this.#expectDeparture(entry.seed);
    } catch (error) {
      log(`store: ${key} is not understood (${codeOf(error)}) and left alone`);
    }
  }

  #attachment(id: number, slot: Slot, { seed, attachment }: LiveEntry) {
    const session: NodeSession = {
      request: async <Request, Reply>(
        { number, parseReply }: RequestMessage<Request, Reply>,
        body: NoInfer<Request>,
        options?: RequestOptions,
      ) => parseReply(await this.#ask({ id, slot, type: number, body }, seed, options)),
      close: async (reason = '') => reason,
    };
    // What is relayed for this node comes to this seed's relay.
    return {
      ...attachment,
      session,
      seed,
      // Several seeds are reached on their own networks only.
      side: 'inside' as const,
      via: this.#options.at.address,
      lost: new AbortController().signal,
    };
  }

  /** Has the node's own seed ask it; follows a node that is changing its seed. */
  async #ask(request: Forwarded, seed: string, options: RequestOptions = {}): Promise<unknown> {
    const { bus, registry } = this.#options;
    try {
      return await bus.request(seed, request, options.timeout ?? DEFAULT_TIMEOUT);
    } catch (error) {
      if (codeOf(error) !== 'ECONNRESET') throw error;
      await this.#moved(request.id, request.slot, seed, options.signal);
      const end = registry.get(request.id)?.[request.slot];
      if (!end || end.seed === seed) throw new ControlError('EHOSTUNREACH', `node ${request.id} has gone`);
      return end.session.request(unchecked(request.type), request.body, options);
    }
  }

  /** Resolves when the node is at another seed than it was, or after a while. */
  #moved(id: number, slot: Slot, from: string, signal: AbortSignal | undefined): Promise<void> {
    const { registry } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      const end = registry.get(id)?.[slot];
      if (end && end.seed !== from) resolve();
    };
    const unsubscribe = registry.onChange((changed) => void (changed === id && look()));
    const timer = setTimeout(resolve, MOVE_TIMEOUT);
    const abort = () => resolve();
    signal?.addEventListener('abort', abort, { once: true });
    look();
    return promise.finally(() => {
      unsubscribe();
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
  }

  /** Another seed asks a node of ours. */
  async #forward(message: unknown): Promise<unknown> {
    const { id, slot, type, body } = parseForwarded(message);
    const end = this.#options.registry.get(id)?.[slot];
    if (!end || end.seed !== undefined) throw new ControlError('ECONNRESET', `node ${id} is not here`);
    if (!FORWARDED.has(type)) throw new ControlError('ENOSYS', `a seed does not ask for ${type}`);
    return end.session.request(unchecked(type), body);
  }

  async #write(key: string): Promise<void> {
    const { store, registry, name } = this.#options;
    const [, id = '', slot] = key.split('.');
    const entry = liveEntryOf(name, registry.get(Number(id)), slot === 'phantom' ? 'phantom' : 'host');
    const written = this.#written.get(key);
    if (!entry) {
      if (!written) return;
      // Only while it is ours: the node may be at another seed by now.
      await store.remove(key, { revision: written.revision });
      this.#written.delete(key);
      return;
    }
    const text = JSON.stringify(entry);
    if (written?.text === text) return;
    const revision = await store.put(key, entry, { ttl: LIVE_TTL });
    if (revision !== undefined) this.#written.set(key, { text, revision });
  }

  #tell(session: Session): void {
    session.notify(OtherSeeds, { seeds: [...this.#peers.values()] });
  }
}

interface Forwarded {
  readonly id: number;
  readonly slot: Slot;
  readonly type: number;
  readonly body: unknown;
}

function parseForwarded(message: unknown): Forwarded {
  const fields = fieldsOf(message);
  return {
    id: integerAt(fields, 'id', 1, 65_535),
    slot: choiceAt(fields, 'slot', ['host', 'phantom']),
    type: integerAt(fields, 'type', 1, 255),
    body: fields.body,
  };
}

function nameOf(key: string): string {
  return key.slice(key.indexOf('.') + 1);
}
