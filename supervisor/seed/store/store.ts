/** One thing that is remembered: `value` is what JSON can say, `revision` grows with every write of the store. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly revision: number;
}

/** An entry as it is now; `value` undefined: it was removed or has expired. */
export interface Change {
  readonly key: string;
  readonly value: unknown;
  readonly revision: number;
}

export interface WriteOptions {
  /** ms until the entry is forgotten, a second's precision; for ever where it is left out */
  readonly ttl?: number | undefined;
}

export interface ReplaceOptions extends WriteOptions {
  /** Only in place of this revision. */
  readonly revision?: number | undefined;
}

/**
 * What the seeds of a project remember beyond their own lives. Keys are `<kind>.<rest>` of letters, digits, `-` and `_`, with
 * more dots where they help. A write that was answered is not lost, neither by the seed's end nor by the machine's. All calls
 * reject with ControlError EAGAIN, within seconds, while the store is away, EIO when it is broken.
 */
export interface Store {
  /** Writes a key that is not there, atomically among all who write; undefined: it is there. Resolves to the revision. */
  create(key: string, value: unknown, options?: WriteOptions): Promise<number | undefined>;
  /** Writes a key, whether or not it is there; undefined: it is no longer at `revision`. */
  put(key: string, value: unknown, options?: ReplaceOptions): Promise<number | undefined>;
  /** Forgets a key; false: it is no longer at `revision`. */
  remove(key: string, options?: { readonly revision?: number | undefined }): Promise<boolean>;
  get(key: string): Promise<Entry | undefined>;
  /**
   * Tells of every entry of a kind, and from then on of each change, by whomever, until `signal` aborts or the store is closed.
   * Resolves when the entries that were there have been told. Who was cut off from the store for a while is told of what changed.
   */
  watch(kind: string, listener: (change: Change) => void, signal: AbortSignal): Promise<void>;
  /** Writes what is under way and ends. */
  close(): Promise<void>;
  /** How the seeds that share the store reach each other; where there is none, there is one seed. */
  readonly bus?: Bus | undefined;
}

/** Requests from seed to seed. */
export interface Bus {
  /** Rejects with ControlError: ECONNRESET where nobody answers to that name, ETIMEDOUT, or what the handler threw. */
  request(to: string, message: unknown, timeout: number): Promise<unknown>;
  /** Answers to a name, until `signal` aborts. */
  serve(name: string, handler: (message: unknown) => Promise<unknown>, signal: AbortSignal): void;
}

const KEY = /^[a-z]+(\.[A-Za-z0-9_-]+)+$/;

/** Throws RangeError for what is no key; keys are made by us, never by a peer. */
export function kindOf(key: string): string {
  if (!KEY.test(key)) throw new RangeError(`no key of a store: ${key}`);
  return key.slice(0, key.indexOf('.'));
}
