import { type FileHandle, open } from 'node:fs/promises';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { ControlError } from '../../control/control-error.ts';
import { messageOf } from '../../published/message-of.ts';
import { openSqliteFile, SCHEMA } from './sqlite-file.ts';
import {
  type Change,
  type Entry,
  kindOf,
  type ReplaceOptions,
  type Store,
  type WriteOptions,
} from './store.ts';

export interface SqliteOptions {
  readonly folder: string;
  /** Identifies the owner of the store; a file of another owner is set aside. */
  readonly owner: string;
  /** Logs a line, which has no line end. */
  readonly log: (line: string) => void;
}

/**
 * Maximum number of writes that have not reached the disk: more than any burst of joins, and a bound if the
 * disk does not answer.
 */
const MAX_WAITING = 65_536;
/** The longest sleep, ms; just below the limit of setTimeout(). */
const LONGEST_SLEEP = 2_000_000_000;

interface Row {
  readonly value: unknown;
  readonly revision: number;
}

/** Opens the store of one seed in a file. Rejects with the errors of `openSqliteFile`. */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { database, log } = await openSqliteFile(options.folder, options.owner, options.log);
  const disk = await open(log, 'r+').catch((error: unknown) => {
    database.close();
    throw error;
  });
  return new SqliteStore(database, disk, options.log);
}

/** Creates a store for a seed without a folder; its content ends with the seed. */
export function createMemoryStore(): Store {
  const database = new DatabaseSync(':memory:');
  database.exec(SCHEMA);
  return new SqliteStore(database, undefined, () => undefined);
}

/**
 * A store in SQLite. Writes gather in one transaction while the previous transaction is on its way to the
 * disk, and are answered when they have reached the disk. So a burst of joins waits for two writes to the
 * disk, and the event loop waits for none.
 */
class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #disk: FileHandle | undefined;
  readonly #log: (line: string) => void;
  readonly #watchers = new Map<string, Set<(change: Change) => void>>();
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  #revision: number;
  /** The writes that wait for the open transaction. */
  #waiting: PromiseWithResolvers<void>[] = [];
  #writing: Promise<void> | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #nextExpiry = Number.POSITIVE_INFINITY;
  #closed = false;
  #inTransaction = false;

  constructor(database: DatabaseSync, disk: FileHandle | undefined, log: (line: string) => void) {
    this.#database = database;
    this.#disk = disk;
    this.#log = log;
    this.#select = database.prepare('select value, revision from entries where key = ? and expires > ?');
    this.#insert = database.prepare('insert or replace into entries values (?, ?, ?, ?)');
    this.#delete = database.prepare('delete from entries where key = ?');
    this.#revision = Number(database.prepare('select max(revision) as last from entries').get()?.last ?? 0);
    this.#sweep();
  }

  create(key: string, value: unknown, options: WriteOptions = {}): Promise<number | undefined> {
    return this.#write(key, (row) => (row ? undefined : this.#store(key, value, options)));
  }

  put(key: string, value: unknown, options: ReplaceOptions = {}): Promise<number | undefined> {
    const { revision } = options;
    return this.#write(key, (row) =>
      revision === undefined || row?.revision === revision ? this.#store(key, value, options) : undefined,
    );
  }

  async remove(key: string, { revision }: { revision?: number | undefined } = {}): Promise<boolean> {
    const done = await this.#write(key, (row) => {
      if (revision !== undefined && row?.revision !== revision) return undefined;
      if (row) this.#forget(key);
      return 0;
    });
    return done !== undefined;
  }

  async get(key: string): Promise<Entry | undefined> {
    const row = this.#attempt(() => this.#read(key));
    return row && { key, ...row };
  }

  async watch(kind: string, listener: (change: Change) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const rows = this.#attempt(() =>
      this.#database
        .prepare('select key, value, revision from entries where key >= ? and key < ? and expires > ?')
        .all(`${kind}.`, `${kind}/`, Date.now()),
    );
    const watchers = this.#watchers.get(kind) ?? new Set();
    this.#watchers.set(kind, watchers.add(listener));
    signal.addEventListener('abort', () => watchers.delete(listener), { once: true });
    for (const { key, value, revision } of rows)
      listener({ key: String(key), value: JSON.parse(String(value)), revision: Number(revision) });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#expiry);
    this.#watchers.clear();
    await this.#writing?.catch(() => undefined);
    await this.#disk?.close();
    this.#database.close();
  }

  /**
   * Writes a key. `change` runs at once, so that concurrent writes of a key have an order. Resolves to its
   * result when that has reached the disk.
   */
  async #write<T>(key: string, change: (row: Row | undefined) => T | undefined): Promise<T | undefined> {
    kindOf(key);
    const done = this.#attempt(() => {
      if (this.#waiting.length >= MAX_WAITING)
        throw new ControlError('EAGAIN', 'too many writes wait for the disk');
      if (!this.#inTransaction) this.#database.exec('begin immediate');
      this.#inTransaction = true;
      return change(this.#read(key));
    });
    const written = Promise.withResolvers<void>();
    this.#waiting.push(written);
    this.#writing ??= this.#flush();
    await written.promise;
    return done;
  }

  async #flush(): Promise<void> {
    // Further writes in this turn of the event loop join the transaction.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      try {
        this.#database.exec('commit');
        this.#inTransaction = false;
        await this.#disk?.datasync();
        for (const written of waiting) written.resolve();
      } catch (error) {
        const failure = brokenBy(error);
        this.#log(`store: ${failure.message}`);
        this.#rollBack();
        for (const written of waiting) written.reject(failure);
      }
    }
    this.#writing = undefined;
  }

  #rollBack(): void {
    if (!this.#inTransaction) return;
    this.#inTransaction = false;
    try {
      this.#database.exec('rollback');
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
  }

  #read(key: string): Row | undefined {
    const row = this.#select.get(key, Date.now());
    return row && { value: JSON.parse(String(row.value)), revision: Number(row.revision) };
  }

  #store(key: string, value: unknown, { ttl }: WriteOptions): number {
    this.#revision += 1;
    // Entries without a TTL get an expiry later than any clock, so that queries need no special case.
    const expires = ttl === undefined ? Number.MAX_SAFE_INTEGER : Date.now() + ttl;
    this.#insert.run(key, JSON.stringify(value), this.#revision, expires);
    if (ttl !== undefined && expires < this.#nextExpiry) this.#sleepUntil(expires);
    this.#tell({ key, value, revision: this.#revision });
    return this.#revision;
  }

  #forget(key: string): void {
    this.#revision += 1;
    this.#delete.run(key);
    this.#tell({ key, value: undefined, revision: this.#revision });
  }

  #tell(change: Change): void {
    // The listeners run later, so that the writer has the result before they do.
    for (const listener of this.#watchers.get(kindOf(change.key)) ?? [])
      queueMicrotask(() => listener(change));
  }

  #sleepUntil(expires: number): void {
    clearTimeout(this.#expiry);
    this.#nextExpiry = expires;
    const wait = Math.min(LONGEST_SLEEP, Math.max(0, expires - Date.now()));
    this.#expiry = setTimeout(() => this.#sweep(), wait);
    this.#expiry.unref();
  }

  /** Removes expired entries, and sleeps until the next one expires. */
  #sweep(): void {
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    const expired = this.#database.prepare('select key from entries where expires <= ?').all(Date.now());
    for (const { key } of expired)
      this.#write(String(key), () => void this.#forget(String(key))).catch(() => undefined);
    const next = this.#database
      .prepare('select min(expires) as next from entries where expires < ?')
      .get(Number.MAX_SAFE_INTEGER)?.next;
    if (typeof next === 'number') this.#sleepUntil(next);
  }

  #attempt<T>(action: () => T): T {
    if (this.#closed) throw new ControlError('EAGAIN', 'the store is closed');
    try {
      return action();
    } catch (error) {
      throw brokenBy(error);
    }
  }
}

function brokenBy(error: unknown): ControlError {
  if (error instanceof ControlError) return error;
  const message = messageOf(error);
  return new ControlError('EIO', `the seed's store cannot be written: ${message}`, { cause: error });
}
