import { type Waiting, type WaitOptions, waitFor } from '../../control/waiting.ts';

/** TCP ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The ports of a range in turn, so that one is used again as late as possible. */
export interface PortCycle {
  readonly size: number;
  /** A port that nobody has. Where all are taken, waits for one to be given back, first come, first served; rejects as `waitFor`. */
  take(options: WaitOptions): Promise<number>;
  give(port: number): void;
}

interface Place {
  readonly waiting: Waiting<number>;
  port: number | undefined;
}

export function portCycle({ first, last }: PortRange): PortCycle {
  const size = last - first + 1;
  const taken = new Set<number>();
  const queue = new Set<Place>();
  let next = first;

  function free(): number | undefined {
    if (taken.size >= size) return undefined;
    while (taken.has(next)) next = next === last ? first : next + 1;
    const port = next;
    next = next === last ? first : next + 1;
    taken.add(port);
    return port;
  }

  function give(port: number): void {
    const [place] = queue;
    if (!place) return void taken.delete(port);
    queue.delete(place);
    place.port = port;
    place.waiting.resolve(port);
  }

  return {
    size,
    async take(options) {
      const port = free();
      if (port !== undefined) return port;
      const place: Place = {
        waiting: waitFor<number>('a free port', options, () => queue.delete(place)),
        port: undefined,
      };
      queue.add(place);
      try {
        return await place.waiting.promise;
      } catch (error) {
        // It may have been given in the very moment in which the wait ended.
        if (place.port !== undefined) give(place.port);
        throw error;
      }
    },
    give,
  };
}
