import { fieldsOf, textAt, textsAt } from '../../protocol/fields.ts';
import type { NamesByNetwork } from '../../protocol/join.ts';
import type { Store } from '../store/store.ts';
import { AddressPool, type PoolPlace } from './address-pool.ts';
import { addressAt, type OverlayRange, offsetOf } from './overlay-range.ts';

/** A host outside the overlay. */
export interface Host {
  readonly names: Set<string>;
  /** Networks on which the host was seen; nodes on any of them may connect to it. */
  networks: NamesByNetwork;
}

/** How long an overlay address is remembered after it was last given out or described, ms. */
const LEASE = 30 * 86_400_000;

/**
 * The overlay addresses of hosts outside the overlay. They are the same for all seeds of the project, and
 * after a restart.
 */
export class Hosts {
  readonly #store: Store;
  readonly #range: OverlayRange;
  readonly #pool: AddressPool<Host>;
  readonly #taking = new Map<string, Promise<PoolPlace<Host>>>();

  private constructor(store: Store, range: OverlayRange) {
    this.#store = store;
    this.#range = range;
    this.#pool = new AddressPool(
      range,
      () => ({ names: new Set(), networks: {} }),
      (overlay) => void store.remove(this.#keyOf(overlay)).catch(() => undefined),
    );
  }

  /** Reads the hosts from the store and follows changes. Rejects with the errors of `Store`. */
  static async open(store: Store, range: OverlayRange, signal: AbortSignal): Promise<Hosts> {
    const hosts = new Hosts(store, range);
    await store.watch('host', ({ key, value }) => value !== undefined && hosts.#note(key, value), signal);
    return hosts;
  }

  /**
   * Resolves to the place of a host, and gives it one now if it has none. Rejects with the errors of `Store`.
   */
  async take(address: string): Promise<PoolPlace<Host>> {
    const known = this.#pool.of(address);
    if (known) return known;
    const taking = this.#taking.get(address) ?? this.#give(address);
    this.#taking.set(address, taking);
    try {
      return await taking;
    } finally {
      this.#taking.delete(address);
    }
  }

  /** Returns the host with this overlay address; counts as use. */
  find(overlay: string): PoolPlace<Host> | undefined {
    return this.#pool.find(overlay);
  }

  /** Adds names of a host, and networks on which it was seen. */
  describe(
    { overlay, address, entry }: PoolPlace<Host>,
    names: readonly string[],
    networks: NamesByNetwork,
  ): void {
    const before = encode(address, entry);
    for (const name of names) entry.names.add(name);
    entry.networks = { ...entry.networks, ...networks };
    const after = encode(address, entry);
    // The entry is needed only after a restart, so the caller does not wait until it is written.
    if (JSON.stringify(before) !== JSON.stringify(after))
      void this.#store.put(this.#keyOf(overlay), after, { ttl: LEASE }).catch(() => undefined);
  }

  async #give(address: string): Promise<PoolPlace<Host>> {
    for (;;) {
      const overlay = this.#pool.freeFor(address);
      const entry: Host = { names: new Set(), networks: {} };
      const key = this.#keyOf(overlay);
      if ((await this.#store.create(key, encode(address, entry), { ttl: LEASE })) !== undefined)
        return this.#pool.place(address, overlay);
      // Another seed has taken the overlay address first, perhaps for the same host.
      const taken = await this.#store.get(key);
      if (taken) this.#note(key, taken.value);
      const known = this.#pool.of(address);
      if (known) return known;
    }
  }

  #note(key: string, value: unknown): void {
    const fields = fieldsOf(value);
    const networks = fieldsOf(fields.networks);
    const overlay = addressAt(this.#range, Number(key.slice(key.indexOf('.') + 1)));
    const { entry } = this.#pool.place(textAt(fields, 'address', 45), overlay);
    for (const name of textsAt(fields, 'names', 4096)) entry.names.add(name);
    const met = Object.fromEntries(Object.keys(networks).map((name) => [name, textsAt(networks, name, 64)]));
    entry.networks = { ...entry.networks, ...met };
  }

  #keyOf(overlay: string): string {
    return `host.${offsetOf(this.#range, overlay)}`;
  }
}

function encode(address: string, { names, networks }: Host) {
  return { address, names: [...names], networks };
}
