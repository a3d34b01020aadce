import { waitFor } from '../../control/waiting.ts';

/**
 * How long nodes that were up when the last seed ended may take to return, ms. Other nodes keep them as
 * members for as long.
 */
const WINDOW = 5000;

/** Nodes that were up when the last seed ended and have not returned yet. They count as up for a while. */
export class Absentees {
  readonly #absent = new Set<number>();
  readonly #onGivenUp: (id: number) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  readonly #timer: NodeJS.Timeout;

  /** Calls `onGivenUp` with each node that does not return in time. */
  constructor(onGivenUp: (id: number) => void, window = WINDOW) {
    this.#onGivenUp = onGivenUp;
    this.#timer = setTimeout(() => this.close(), window);
    this.#timer.unref();
  }

  add(id: number): void {
    this.#absent.add(id);
  }

  has(id: number): boolean {
    return this.#absent.has(id);
  }

  /** Removes a node that has returned, or whose id was given to another node. */
  remove(id: number): void {
    this.#absent.delete(id);
    this.#waiting.get(id)?.resolve();
    this.#waiting.delete(id);
  }

  /**
   * Resolves when the node has returned or is given up, at once if it is not absent. Rejects with the
   * signal's reason.
   */
  async back(id: number | undefined, signal: AbortSignal): Promise<void> {
    if (id === undefined || !this.#absent.has(id)) return;
    const back = this.#waiting.get(id) ?? Promise.withResolvers<void>();
    this.#waiting.set(id, back);
    const waiting = waitFor<void>(`node ${id}`, { signal, timeout: WINDOW + 1000 }, () => undefined);
    void back.promise.then(waiting.resolve);
    await waiting.promise;
    signal.throwIfAborted();
  }

  /** Gives up all nodes that have not returned. */
  close(): void {
    clearTimeout(this.#timer);
    for (const id of [...this.#absent]) {
      this.remove(id);
      this.#onGivenUp(id);
    }
  }
}
