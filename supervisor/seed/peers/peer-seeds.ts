import { ControlError, codeOf } from '../../control/control-error.ts';
import type { Endpoint } from '../../control/endpoint.ts';
import { type RequestMessage, unchecked } from '../../control/message.ts';
import type { Session } from '../../control/session.ts';
import type { RequestOptions } from '../../control/session-options.ts';
import type { Logger } from '../../log/logger.ts';
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
  /** The name of this run of the seed, different in each run: letters and digits. */
  readonly name: string;
  readonly store: Store;
  readonly bus: Bus;
  readonly registry: NodeRegistry;
  readonly absentees: Absentees;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** How long the entry of a seed is valid, ms, and the interval at which the seed renews it. */
const PRESENCE_TTL = 3000;
const PRESENCE_INTERVAL = 1000;
/** How long the nodes of a seed that has gone may take to join another seed, ms. */
const GRACE = 5000;
/** How long a request to such a node waits until the node has joined another seed, ms. */
const MOVE_TIMEOUT = 3000;
const DEFAULT_TIMEOUT = 10_000;
/** How long entries of connections stay if no seed removes them, ms. */
const LIVE_TTL = 86_400_000;
/** The requests that a seed may send to a node of another seed. */
const FORWARDED: ReadonlySet<number> = new Set([
  Introduce.number,
  AskToMeet.number,
  Punch.number,
  Pairs.number,
]);
const SLOTS: readonly Slot[] = ['host', 'phantom'];

/**
 * The other seeds that share the store. Each seed reports the nodes that are connected to it, and forwards
 * requests of the other seeds to them.
 */
export class PeerSeeds {
  readonly #options: PeerSeedsOptions;
  readonly #writer: WriteBehind;
  /** The entries of this seed, as they were last written. */
  readonly #written = new Map<string, { readonly text: string; readonly revision: number }>();
  readonly #peers = new Map<string, Endpoint>();
  readonly #departing = new Map<string, NodeJS.Timeout>();
  readonly #listeners = new Set<Session>();
  #timer: NodeJS.Timeout | undefined;
  /** The endpoint at which nodes reach this seed's control listener. */
  #at: Endpoint = { address: '', port: 0 };

  constructor(options: PeerSeedsOptions) {
    this.#options = options;
    this.#writer = new WriteBehind((key) => this.#write(key), options.signal);
  }

  /**
   * Announces this seed to the other seeds, with the endpoint `at` for nodes, and learns of their nodes.
   * Rejects with the errors of `Store`.
   */
  async open(at: Endpoint): Promise<void> {
    const { store, bus, registry, signal, name } = this.#options;
    this.#at = at;
    signal.addEventListener('abort', () => this.#close(), { once: true });
    this.#timer = setInterval(() => void this.#present(), PRESENCE_INTERVAL);
    this.#timer.unref();
    bus.serve(name, (message) => this.#forward(message), signal);
    await store.watch('seed', (change) => this.#noteSeed(change), signal);
    await store.watch('live', (change) => this.#noteLive(change), signal);
    await this.#present();
    const unfollow = registry.onChange((id) => this.#touch(id));
    for (const { id } of registry.all()) this.#touch(id);
    signal.addEventListener('abort', unfollow, { once: true });
  }

  #touch(id: number): void {
    for (const slot of SLOTS) this.#writer.touch(`live.${id}.${slot}`);
  }

  /** Sends a node the addresses of the other seeds, now and whenever they change. */
  announceTo(session: Session): void {
    this.#listeners.add(session);
    void session.closed.then(() => this.#listeners.delete(session));
    this.#tell(session);
  }

  #close(): void {
    const { store, name } = this.#options;
    clearInterval(this.#timer);
    for (const timer of this.#departing.values()) clearTimeout(timer);
    // This seed's nodes may join the other seeds at once; their entries stay until then.
    void store.remove(`seed.${name}`).catch(() => undefined);
  }

  async #present(): Promise<void> {
    const { store, name } = this.#options;
    await store.put(`seed.${name}`, { at: this.#at }, { ttl: PRESENCE_TTL }).catch(() => undefined);
  }

  #noteSeed({ key, value }: Change): void {
    const name = nameOf(key);
    if (name === this.#options.name) return;
    clearTimeout(this.#departing.get(name));
    this.#departing.delete(name);
    if (value === undefined) {
      if (!this.#peers.delete(name)) return;
      this.#options.log.info(`seed ${name} has gone`);
      this.#expectDeparture(name);
    } else {
      const known = this.#peers.has(name);
      this.#peers.set(name, endpointAt(fieldsOf(value), 'at'));
      if (known) return;
      this.#options.log.info(`seed ${name} is up as well`);
    }
    for (const session of this.#listeners) this.#tell(session);
  }

  /** Waits for the nodes of a seed that has gone to join another seed, and removes the nodes that do not. */
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
      log.warn(`store: the entry ${key} cannot be read (${codeOf(error)}) and is ignored`);
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
    // Flows of this node that are relayed by this seed use this seed's relay.
    return {
      ...attachment,
      session,
      seed,
      // A project with several seeds has no advertised address: all nodes are inside.
      side: 'inside' as const,
      via: this.#at.address,
      lost: new AbortController().signal,
    };
  }

  /**
   * Sends a request through the seed of the node. If the node is changing its seed, waits and sends the
   * request through the new one.
   */
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

  /**
   * Resolves when the node has joined another seed than `from`, after `MOVE_TIMEOUT`, or when `signal`
   * aborts.
   */
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

  /** Forwards a request of another seed to a node of this seed. */
  async #forward(message: unknown): Promise<unknown> {
    const { id, slot, type, body } = parseForwarded(message);
    const end = this.#options.registry.get(id)?.[slot];
    if (!end || end.seed !== undefined)
      throw new ControlError('ECONNRESET', `node ${id} is not connected to this seed`);
    if (!FORWARDED.has(type)) throw new ControlError('ENOSYS', `a seed must not send message ${type}`);
    return end.session.request(unchecked(type), body);
  }

  async #write(key: string): Promise<void> {
    const { store, registry, name } = this.#options;
    const [, id = '', slot] = key.split('.');
    const entry = liveEntryOf(name, registry.get(Number(id)), slot === 'phantom' ? 'phantom' : 'host');
    const written = this.#written.get(key);
    if (!entry) {
      if (!written) return;
      // The entry is removed only at the revision that this seed wrote, as the node may have joined another
      // seed by now.
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
