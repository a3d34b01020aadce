/**
 * An entry of a store. `value` is anything that JSON can express; `revision` grows with every write to the
 * store.
 */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly revision: number;
}

/** The new state of an entry; `value` is undefined if the entry was removed or has expired. */
export interface Change {
  readonly key: string;
  readonly value: unknown;
  readonly revision: number;
}

export interface WriteOptions {
  /**
   * Time until the entry is removed, ms, with a precision of a second; by default the entry stays forever.
   */
  readonly ttl?: number | undefined;
}

export interface ReplaceOptions extends WriteOptions {
  /** If set, the key is replaced only at this revision. */
  readonly revision?: number | undefined;
}

/**
 * The state of a project's seeds that outlives them. Keys are `<kind>.<rest>` of letters, digits, `-` and
 * `_`; `<rest>` may have more dots. A write that was answered is not lost, neither when the seed ends nor
 * when the machine does. All calls reject with ControlError: EAGAIN, within seconds, while the store is away;
 * EIO when it is broken.
 */
export interface Store {
  /** Creates a key, atomically among all writers. Resolves to the revision; undefined if the key exists. */
  create(key: string, value: unknown, options?: WriteOptions): Promise<number | undefined>;
  /**
   * Writes a key, whether or not it exists. Resolves to the revision; undefined if the key is not at
   * `revision`.
   */
  put(key: string, value: unknown, options?: ReplaceOptions): Promise<number | undefined>;
  /** Removes a key. Resolves to false if the key is not at `revision`. */
  remove(key: string, options?: { readonly revision?: number | undefined }): Promise<boolean>;
  get(key: string): Promise<Entry | undefined>;
  /**
   * Calls `listener` with every entry of a kind, and then with each change by any writer, until `signal`
   * aborts or the store is closed. Resolves when the present entries have been reported. After a loss of the
   * connection to the store, the missed changes are reported.
   */
  watch(kind: string, listener: (change: Change) => void, signal: AbortSignal): Promise<void>;
  /** Finishes pending writes and closes the store. */
  close(): Promise<void>;
  /**
   * The bus by which the seeds that share the store reach each other; undefined if there is only one seed.
   */
  readonly bus?: Bus | undefined;
}

/** Carries requests from seed to seed. */
export interface Bus {
  /**
   * Sends a request to the seed with the name `to`. Rejects with ControlError: ECONNRESET when no seed has
   * that name, ETIMEDOUT, or the error that the handler threw.
   */
  request(to: string, message: unknown, timeout: number): Promise<unknown>;
  /** Handles the requests to `name`, until `signal` aborts. */
  serve(name: string, handler: (message: unknown) => Promise<unknown>, signal: AbortSignal): void;
}

const KEY = /^[a-z]+(\.[A-Za-z0-9_-]+)+$/;

/**
 * Returns the kind of a key.
 * @throws RangeError if `key` is invalid. Keys never come from a peer.
 */
export function kindOf(key: string): string {
  if (!KEY.test(key)) throw new RangeError(`not a key of a store: ${key}`);
  return key.slice(0, key.indexOf('.'));
}
