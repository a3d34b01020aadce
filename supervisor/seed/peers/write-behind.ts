import { backoff } from '../../control/backoff.ts';

/** Writes the latest state of changed keys in batches, and repeats failed writes, until `signal` aborts. */
export class WriteBehind {
  readonly #write: (key: string) => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #dirty = new Set<string>();
  #writing: Promise<void> | undefined;

  /** `write` writes the current state of a key. */
  constructor(write: (key: string) => Promise<void>, signal: AbortSignal) {
    this.#write = write;
    this.#signal = signal;
  }

  touch(key: string): void {
    this.#dirty.add(key);
    this.#writing ??= this.#run().finally(() => {
      this.#writing = undefined;
    });
  }

  async #run(): Promise<void> {
    // Further changes in this turn of the event loop are written together.
    await new Promise((resolve) => setImmediate(resolve));
    for (let attempt = 0; this.#dirty.size > 0 && !this.#signal.aborted; ) {
      const keys = [...this.#dirty];
      this.#dirty.clear();
      const outcomes = await Promise.allSettled(keys.map((key) => this.#write(key)));
      const failed = keys.filter((_, index) => outcomes[index]?.status === 'rejected');
      for (const key of failed) this.#dirty.add(key);
      attempt = failed.length > 0 ? attempt + 1 : 0;
      if (attempt > 0) await backoff(attempt, this.#signal).catch(() => undefined);
    }
  }
}
