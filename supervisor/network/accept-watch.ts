import { readSignalStates, type SignalState } from './signal-states.ts';

/** First and longest time in ms after which a connection that nobody has asked for is looked at. */
const FIRST_LOOK_MS = 20;
const LONGEST_PAUSE_MS = 1000;
/** Looking costs milliseconds where the kernel has many connections: at most a tenth of the time goes to it. */
const REST_PER_LOOK = 9;

/** Watches connections that wait for accept(), by the port of their signal connection. */
export interface AcceptWatch {
  add(port: number): void;
  remove(port: number): void;
  close(): void;
}

interface Watched {
  due: number;
  pause: number;
}

/**
 * Calls `found` for connections that left the accept queue, or never get into it, without a word from a process monitor. accept()
 * sends nothing to the other end, so the kernel has no event for it; a guest under the monitor asks within a millisecond, and
 * nothing is ever looked at.
 */
export function watchAcceptance(found: (port: number, state: SignalState) => void): AcceptWatch {
  const watched = new Map<number, Watched>();
  let timer: NodeJS.Timeout | undefined;
  let restUntil = 0;

  function look(): void {
    const started = performance.now();
    const states = readSignalStates();
    const now = performance.now();
    restUntil = now + REST_PER_LOOK * (now - started);
    for (const [port, entry] of [...watched]) {
      entry.pause = Math.min(2 * entry.pause, LONGEST_PAUSE_MS);
      entry.due = now + entry.pause;
      const state = states.get(port);
      if (state !== undefined && state !== 'queued') found(port, state);
    }
  }

  function schedule(): void {
    if (timer || watched.size === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      const now = performance.now();
      if (now >= restUntil && [...watched.values()].some(({ due }) => due <= now)) look();
      schedule();
    }, FIRST_LOOK_MS).unref();
  }

  return {
    add(port) {
      watched.set(port, { due: performance.now() + FIRST_LOOK_MS, pause: FIRST_LOOK_MS });
      schedule();
    },
    remove: (port) => void watched.delete(port),
    close() {
      clearTimeout(timer);
      watched.clear();
    },
  };
}
