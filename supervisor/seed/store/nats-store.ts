import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamClient, jetstream, StorageType } from '@nats-io/jetstream';
import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { ControlError } from '../../control/control-error.ts';
import { BoxerError } from '../../published/boxer-error.ts';
import { messageOf } from '../../published/message-of.ts';
import { attempt, isConflict, openPatiently, PATIENCE, RETRY } from './nats-attempts.ts';
import { createNatsBus } from './nats-bus.ts';
import { followSubjects, type KvMessage } from './nats-follow.ts';
import { type Follow, watchKind } from './nats-watch.ts';
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

const ATTEMPT_TIMEOUT = 1000;
const CONNECT_PATIENCE = 5000;
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
      hint:
        'JetStream must be on, with room for three copies in a cluster; the account must be ' +
        'allowed to make streams',
      cause: error,
    });
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

  watch(kind: string, listener: (change: Change) => void, signal: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([signal, this.#closed.signal]);
    const follow: Follow = (onChange) =>
      this.#attempt(() => {
        const { connection, bucket } = this.#options;
        return followSubjects(connection, this.#client, bucket, kind, (message) => {
          const change = this.#changeOf(message);
          if (change) onChange(change);
        });
      });
    return watchKind(follow, listener, stop);
  }

  async close(): Promise<void> {
    this.#closed.abort();
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

  #attempt<T>(action: () => Promise<T>): Promise<T> {
    return attempt(this.#closed.signal, action);
  }
}
