import { readSignalStates, type SignalState } from './signal-states.ts';

/** The first and the longest pause after which a waiting connection is looked up in the kernel's table. */
const FIRST_LOOK_MS = 20;
const LONGEST_PAUSE_MS = 1000;
/**
 * Ratio of pause to look: a look costs milliseconds if the kernel has many connections, so looks take at most
 * a tenth of the time.
 */
const REST_PER_LOOK = 9;

interface Watched {
  due: number;
  pause: number;
}

/**
 * Watches connections that wait for accept(), by the local port of their signal connection. Reports a
 * connection that has left the accept queue, or never gets into it, without a request of a process monitor.
 * accept() sends nothing to the other end, so the kernel has no event for it. A guest under the monitor asks
 * within a millisecond, so its connections cause no look.
 */
export class AcceptWatch {
  readonly #found: (port: number, state: SignalState) => void;
  readonly #watched = new Map<number, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #restUntil = 0;

  constructor(found: (port: number, state: SignalState) => void) {
    this.#found = found;
  }

  add(port: number): void {
    this.#watched.set(port, { due: performance.now() + FIRST_LOOK_MS, pause: FIRST_LOOK_MS });
    this.#schedule();
  }

  remove(port: number): void {
    this.#watched.delete(port);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watched.clear();
  }

  #schedule(): void {
    if (this.#timer || this.#watched.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const now = performance.now();
      if (now >= this.#restUntil && [...this.#watched.values()].some(({ due }) => due <= now)) this.#look();
      this.#schedule();
    }, FIRST_LOOK_MS).unref();
  }

  #look(): void {
    const started = performance.now();
    const states = readSignalStates();
    const now = performance.now();
    this.#restUntil = now + REST_PER_LOOK * (now - started);
    for (const [port, entry] of [...this.#watched]) {
      entry.pause = Math.min(2 * entry.pause, LONGEST_PAUSE_MS);
      entry.due = now + entry.pause;
      const state = states.get(port);
      if (state !== undefined && state !== 'queued') this.#found(port, state);
    }
  }
}
