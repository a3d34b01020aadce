import { type Waiting, type WaitOptions, waitFor } from '../../control/waiting.ts';

/** TCP ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

interface Place {
  readonly waiting: Waiting<number>;
  port: number | undefined;
}

/** Gives out the ports of a range in turn, so that a port is reused as late as possible. */
export class PortCycle {
  readonly size: number;
  readonly #range: PortRange;
  readonly #taken = new Set<number>();
  readonly #queue = new Set<Place>();
  #next: number;

  constructor(range: PortRange) {
    this.#range = range;
    this.size = range.last - range.first + 1;
    this.#next = range.first;
  }

  /**
   * Takes a free port. If all are taken, waits until one is given back, first come, first served. Rejects
   * with the errors of `waitFor`.
   */
  async take(options: WaitOptions): Promise<number> {
    const port = this.#takeFree();
    if (port !== undefined) return port;
    const place: Place = {
      waiting: waitFor<number>('a free port', options, () => this.#queue.delete(place)),
      port: undefined,
    };
    this.#queue.add(place);
    try {
      return await place.waiting.promise;
    } catch (error) {
      // The port may have been given at the very moment when the wait ended.
      if (place.port !== undefined) this.give(place.port);
      throw error;
    }
  }

  /** Gives a port back. */
  give(port: number): void {
    const [place] = this.#queue;
    if (!place) return void this.#taken.delete(port);
    this.#queue.delete(place);
    place.port = port;
    place.waiting.resolve(port);
  }

  #takeFree(): number | undefined {
    if (this.#taken.size >= this.size) return undefined;
    while (this.#taken.has(this.#next)) this.#next = this.#after(this.#next);
    const port = this.#next;
    this.#next = this.#after(port);
    this.#taken.add(port);
    return port;
  }

  #after(port: number): number {
    return port === this.#range.last ? this.#range.first : port + 1;
  }
}
