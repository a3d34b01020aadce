import { waitFor } from '../../control/waiting.ts';

/** How long nodes that were up when the last seed ended may take to come back to this one, ms; as long as the others keep them. */
const WINDOW = 5000;

/** Nodes that a seed knows from the one before it, and has not heard of yet: they are up, as far as anybody can tell. */
export class Absentees {
  readonly #absent = new Set<number>();
  readonly #onGivenUp: (id: number) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  readonly #timer: NodeJS.Timeout;

  /** `onGivenUp` is told of those that did not come. */
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

  /** The node is back, or another one has taken its place. */
  remove(id: number): void {
    this.#absent.delete(id);
    this.#waiting.get(id)?.resolve();
    this.#waiting.delete(id);
  }

  /** Resolves when the node is back or is not awaited any more, at once where it is not absent. Rejects with the signal's reason. */
  async back(id: number | undefined, signal: AbortSignal): Promise<void> {
    if (id === undefined || !this.#absent.has(id)) return;
    const back = this.#waiting.get(id) ?? Promise.withResolvers<void>();
    this.#waiting.set(id, back);
    const waiting = waitFor<void>(`node ${id}`, { signal, timeout: WINDOW + 1000 }, () => undefined);
    void back.promise.then(waiting.resolve);
    await waiting.promise;
    signal.throwIfAborted();
  }

  /** Nobody is awaited any more. */
  close(): void {
    clearTimeout(this.#timer);
    for (const id of [...this.#absent]) {
      this.remove(id);
      this.#onGivenUp(id);
    }
  }
}
