import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  jetstream,
  StorageType,
} from '@nats-io/jetstream';
import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { ControlError, codeOf } from '../../control/control-error.ts';
import { BoxerError } from '../../published/boxer-error.ts';
import { messageOf } from '../../published/message-of.ts';
import { createNatsBus } from './nats-bus.ts';
import { followSubjects, type KvMessage } from './nats-follow.ts';
import { seal, unseal } from './seal.ts';
import {
  type Bus,
  type Change,
  type Entry,
  kindOf,
  type ReplaceOptions,
  type Store,
  type WriteOptions,
} from './store.ts';

export interface NatsStoreOptions {
  /** The caller closes the connection. */
  readonly connection: NatsConnection;
  /**
   * The name of the bucket: letters, digits, `-` and `_`. It is the same for all seeds of a project, and
   * differs between projects.
   */
  readonly bucket: string;
  /** 32 bytes. Only holders of the key can write and read entries. */
  readonly key: Buffer;
  readonly log: (line: string) => void;
}

/**
 * How long a call goes on trying while the servers elect a leader or are away, ms. It is less than the time
 * that a node has for its join.
 */
const PATIENCE = 3000;
const ATTEMPT_TIMEOUT = 1000;
const RETRY = 100;
const CONNECT_PATIENCE = 5000;
/** How long a store may take to open, ms. A server that was away rejoins its cluster after some seconds. */
const OPEN_PATIENCE = 10_000;
/**
 * How long the server keeps the markers of removed keys, ms. A watch that was cut off for longer starts over.
 */
const MARKER_TTL = 60_000;
const MAX_VALUE = 64 * 1024;
const MAX_BYTES = 256 * 2 ** 20;

/**
 * Opens the store that the seeds of a project share, and creates it if it does not exist, with three copies
 * in a cluster. Rejects with BoxerError STORE.
 */
export async function openNatsStore(options: NatsStoreOptions): Promise<Store> {
  const { connection, bucket } = options;
  const client = jetstream(connection, { timeout: CONNECT_PATIENCE });
  const copies = connection.info?.cluster === undefined ? 1 : 3;
  const open = (replicas: number) =>
    new Kvm(client).create(bucket, {
      replicas,
      history: 1,
      storage: StorageType.File,
      markerTTL: MARKER_TTL,
      maxValueSize: MAX_VALUE,
      max_bytes: MAX_BYTES,
      // A seed has to see what another one has written. So only the leader answers, never a copy that lags.
      allow_direct: false,
    });
  try {
    return new NatsStore(options, client, await openPatiently(() => open(copies)));
  } catch (error) {
    const why = messageOf(error);
    throw new BoxerError('STORE', `NATS: the bucket ${bucket} cannot be used: ${why}`, {
      hint: 'JetStream must be on, with room for three copies in a cluster; the account must be allowed to make streams',
      cause: error,
    });
  }
}

/** Retries for a while, as the servers may be electing a leader. */
async function openPatiently(open: () => Promise<KV>): Promise<KV> {
  const until = Date.now() + OPEN_PATIENCE;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const lasting = error instanceof JetStreamApiError && !isPassing(error);
      if (lasting || Date.now() >= until) throw error;
      await delay(RETRY);
    }
  }
}

class NatsStore implements Store {
  readonly #options: NatsStoreOptions;
  readonly #client: JetStreamClient;
  readonly #kv: KV;
  readonly #closed = new AbortController();
  readonly bus: Bus;

  constructor(options: NatsStoreOptions, client: JetStreamClient, kv: KV) {
    this.#options = options;
    this.#client = client;
    this.#kv = kv;
    this.bus = createNatsBus(options.connection, options.bucket, options.key);
  }

  async create(key: string, value: unknown, options: WriteOptions = {}): Promise<number | undefined> {
    kindOf(key);
    let last = 0;
    const until = Date.now() + PATIENCE;
    for (;;) {
      const revision = await this.#publish(key, value, { ...options, revision: last });
      if (revision !== undefined) return revision;
      const found = await this.#attempt(() => this.#kv.get(key));
      if (found?.operation === 'PUT') return undefined;
      // The last revision is the marker of a removed key, or a write under way whose leader has gone.
      const same = last === (found?.revision ?? 0);
      last = found?.revision ?? 0;
      if (Date.now() + RETRY >= until)
        throw new ControlError('EAGAIN', `${key}: its last write is not finished`);
      if (same) await delay(RETRY);
    }
  }

  async put(key: string, value: unknown, options: ReplaceOptions = {}): Promise<number | undefined> {
    kindOf(key);
    return this.#publish(key, value, options);
  }

  async remove(key: string, { revision }: { revision?: number | undefined } = {}): Promise<boolean> {
    kindOf(key);
    return (await this.#publish(key, undefined, { revision, ttl: MARKER_TTL })) !== undefined;
  }

  async get(key: string): Promise<Entry | undefined> {
    kindOf(key);
    const found = await this.#attempt(() => this.#kv.get(key));
    return found?.operation === 'PUT' ? this.#read(found) : undefined;
  }

  async watch(kind: string, listener: (change: Change) => void, signal: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([signal, this.#closed.signal]);
    const told = new Map<string, number>();
    const tell = (change: Change) => {
      if (stop.aborted) return;
      if (change.value === undefined ? !told.delete(change.key) : told.get(change.key) === change.revision)
        return;
      if (change.value !== undefined) told.set(change.key, change.revision);
      listener(change);
    };
    const { ended } = await this.#follow(kind, told, tell, stop);
    void this.#keepFollowing(kind, told, tell, stop, ended);
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }

  /** Follows a kind again whenever the servers have lost the watch. */
  async #keepFollowing(
    kind: string,
    told: Map<string, number>,
    tell: (change: Change) => void,
    stop: AbortSignal,
    first: Promise<void>,
  ): Promise<void> {
    for (let ended = first; ; ) {
      await ended;
      if (stop.aborted) return;
      const next = await this.#follow(kind, told, tell, stop).catch(() => undefined);
      ended = next?.ended ?? delay(RETRY);
    }
  }

  /** Resolves when the present keys have been reported. */
  async #follow(
    kind: string,
    told: ReadonlyMap<string, number>,
    tell: (change: Change) => void,
    stop: AbortSignal,
  ): Promise<{ readonly ended: Promise<void> }> {
    const present = new Set<string>();
    const following = await this.#attempt(() =>
      followSubjects(this.#options.connection, this.#client, this.#options.bucket, kind, (message) => {
        const change = this.#changeOf(message);
        if (change?.value !== undefined) present.add(change.key);
        if (change) tell(change);
      }),
    );
    stop.addEventListener('abort', following.stop, { once: true });
    if (stop.aborted) following.stop();
    await Promise.race([following.snapshot, following.ended]);
    // Reports the keys that were removed while there was no watch.
    if (!stop.aborted && !following.over())
      for (const [key, revision] of [...told])
        if (!present.has(key)) tell({ key, value: undefined, revision: revision + 1 });
    const ended = following.ended.finally(() => stop.removeEventListener('abort', following.stop));
    return { ended };
  }

  #changeOf({ key, revision, data }: KvMessage): Change | undefined {
    try {
      return data ? this.#read({ key, revision, value: data }) : { key, value: undefined, revision };
    } catch (error) {
      this.#options.log(`store: ${messageOf(error)}; left alone`);
      return undefined;
    }
  }

  #read({ key, value, revision }: Pick<KvEntry, 'key' | 'value' | 'revision'>): Entry {
    return { key, value: unseal(this.#options.key, key, value), revision };
  }

  /**
   * Writes a key, or removes it if `value` is undefined. `revision` is the expected last revision, 0 for
   * none. Resolves to undefined if the key is at another revision.
   */
  async #publish(
    key: string,
    value: unknown,
    { ttl, revision }: ReplaceOptions,
  ): Promise<number | undefined> {
    const header = headers();
    if (value === undefined) {
      header.set('KV-Operation', 'PURGE');
      header.set('Nats-Rollup', 'sub');
    }
    if (revision !== undefined) header.set('Nats-Expected-Last-Subject-Sequence', String(revision));
    if (ttl !== undefined) header.set('Nats-TTL', `${Math.max(1, Math.ceil(ttl / 1000))}s`);
    // The id prevents that a message whose answer was lost is stored twice.
    const msgID = randomUUID();
    const body = value === undefined ? new Uint8Array() : seal(this.#options.key, key, value);
    const subject = `$KV.${this.#options.bucket}.${key}`;
    try {
      const ack = await this.#attempt(() =>
        this.#client.publish(subject, body, { headers: header, msgID, timeout: ATTEMPT_TIMEOUT }),
      );
      return ack.seq;
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  async #attempt<T>(action: () => Promise<T>): Promise<T> {
    const until = Date.now() + PATIENCE;
    for (;;) {
      if (this.#closed.signal.aborted) throw new ControlError('EAGAIN', 'the store is closed');
      try {
        return await this.#bounded(action, until);
      } catch (error) {
        if (isConflict(error) || codeOf(error) === 'EBADMSG') throw error;
        const why = messageOf(error);
        if (error instanceof JetStreamApiError && !isPassing(error))
          throw new ControlError('EIO', `the store refuses: ${why}`, { cause: error });
        if (Date.now() + RETRY >= until)
          throw new ControlError('EAGAIN', `the store is away: ${why}`, { cause: error });
        await delay(RETRY);
      }
    }
  }

  /** Limits an action, as the client waits for a lost connection to return and has no overall time limit. */
  async #bounded<T>(action: () => Promise<T>, until: number): Promise<T> {
    const limit = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => limit.reject(new Error('no answer in time')),
      Math.max(1, until - Date.now()),
    );
    try {
      return await Promise.race([action(), limit.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function isConflict(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
      error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  );
}

/**
 * The error code for a message that is still being written, after the answer to its first attempt was lost.
 */
const IN_PROCESS = 10_201;

/**
 * Whether the error is temporary, such as 503: there is no leader at the moment, or a server of the cluster
 * is away.
 */
function isPassing(error: JetStreamApiError): boolean {
  return (
    error.status >= 500 ||
    error.code === IN_PROCESS ||
    /in process|peer offline|miscellaneous issue/.test(error.message)
  );
}
