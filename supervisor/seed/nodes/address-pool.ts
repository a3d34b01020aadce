import { createHash } from 'node:crypto';
import { addressAt, type OverlayRange, offsetOf } from './overlay-range.ts';

/** A host in the pool. `entry` is the caller's record of the host. */
export interface PoolPlace<T> {
  readonly overlay: string;
  /** The host's real address. */
  readonly address: string;
  readonly entry: T;
}

/**
 * Maximum number of hosts; more than a Docker network has addresses. Beyond that, the least recently used
 * host is dropped.
 */
const MAX_HOSTS = 4096;

/**
 * Overlay addresses from the upper half of the range for hosts outside the overlay. A host's overlay address
 * is derived from its address (the next free one if that is taken), so that after a restart of the seed most
 * hosts have the addresses that guests remember.
 */
export class AddressPool<T> {
  readonly #range: OverlayRange;
  readonly #create: () => T;
  readonly #onDrop: (overlay: string) => void;
  /** In the order of use, the least recently used host first. */
  readonly #byAddress = new Map<string, PoolPlace<T>>();
  readonly #byOverlay = new Map<string, PoolPlace<T>>();
  readonly #capacity: number;

  /** Calls `onDrop` with the overlay address of each host that is dropped. */
  constructor(
    range: OverlayRange,
    create: () => T,
    onDrop: (overlay: string) => void = () => undefined,
    maxHosts = MAX_HOSTS,
  ) {
    this.#range = range;
    this.#create = create;
    this.#onDrop = onDrop;
    this.#capacity = Math.min(maxHosts, this.#places);
  }

  /** Returns the place of a host, and gives it one now if it has none. */
  take(address: string): PoolPlace<T> {
    return this.of(address) ?? this.place(address, this.freeFor(address));
  }

  /** Returns the place of a host, if it has one; counts as use. */
  of(address: string): PoolPlace<T> | undefined {
    const place = this.#byAddress.get(address);
    return place && this.#touch(place);
  }

  /** Gives a host this overlay address, and takes the address from the host that had it. */
  place(address: string, overlay: string): PoolPlace<T> {
    const known = this.#byAddress.get(address);
    if (known?.overlay === overlay) return this.#touch(known);
    for (const gone of [known, this.#byOverlay.get(overlay)]) if (gone) this.#drop(gone);
    this.#makeRoom();
    const place = { overlay, address, entry: this.#create() };
    this.#byOverlay.set(overlay, place);
    return this.#touch(place);
  }

  /** Returns the host with this overlay address; counts as use. */
  find(overlay: string): PoolPlace<T> | undefined {
    const place = this.#byOverlay.get(overlay);
    return place && this.#touch(place);
  }

  /**
   * Number of usable addresses: the upper half except its last address, which programs may take for a
   * broadcast address.
   */
  get #places(): number {
    return this.#range.size / 2 - 1;
  }

  #touch(place: PoolPlace<T>): PoolPlace<T> {
    this.#byAddress.delete(place.address);
    this.#byAddress.set(place.address, place);
    return place;
  }

  #makeRoom(): void {
    const [oldest] = this.#byAddress.values();
    if (!oldest || this.#byAddress.size < this.#capacity) return;
    this.#drop(oldest);
    this.#onDrop(oldest.overlay);
  }

  #drop(place: PoolPlace<T>): void {
    this.#byAddress.delete(place.address);
    this.#byOverlay.delete(place.overlay);
  }

  /**
   * Returns the overlay address for a new host: the one derived from the host's address, or the next free
   * one. If the pool is full, the least recently used host is dropped.
   */
  freeFor(address: string): string {
    this.#makeRoom();
    const wanted = createHash('sha256').update(address).digest().readUInt32BE(0);
    for (let step = 0; ; step += 1) {
      const overlay = addressAt(this.#range, this.#range.size / 2 + ((wanted + step) % this.#places));
      if (!this.#byOverlay.has(overlay)) return overlay;
    }
  }
}

/** Whether an overlay address belongs to a host outside the overlay. */
export function isOutside(range: OverlayRange, overlay: string): boolean {
  return (offsetOf(range, overlay) ?? 0) >= range.size / 2;
}
