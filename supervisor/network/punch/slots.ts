/** A bounded number of places. When all are taken, callers wait in the order in which they came. */
export class Slots {
  readonly #limit: number;
  readonly #entering = new Set<() => void>();
  readonly #looking = new Set<() => void>();
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isIdle(): boolean {
    return this.#taken + this.#entering.size + this.#looking.size === 0;
  }

  get isFull(): boolean {
    return this.#taken >= this.#limit;
  }

  /** Takes a place. Resolves to the function that gives the place back. Rejects with the signal's reason. */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#taken < this.#limit) this.#taken += 1;
    else await this.#wait(this.#entering, signal);
    return () => this.#leave();
  }

  /** Resolves when there is a free place, without taking it. Rejects with the signal's reason. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#taken >= this.#limit) await this.#wait(this.#looking, signal);
  }

  /** Gives the place to the first caller that waits to enter, if there is one. */
  #leave(): void {
    const next = this.#entering.values().next();
    if (!next.done) {
      this.#entering.delete(next.value);
      next.value();
      return;
    }
    this.#taken -= 1;
    for (const look of this.#looking) look();
  }

  async #wait(queue: Set<() => void>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // The caller leaves the queue in the same turn, so that no place is given to a caller that has gone.
    const abort = () => {
      queue.delete(resolve);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    queue.add(resolve);
    try {
      await promise;
    } finally {
      queue.delete(resolve);
      signal.removeEventListener('abort', abort);
    }
  }
}
