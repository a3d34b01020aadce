import type { Log } from '../base/log.ts';
import { messageOf } from '../base/log.ts';
import type { Environment } from './environment.ts';

/** Environments between two invocations: frozen, or about to be. */
export interface Shelf {
  /** Takes over an environment that has answered; it has until `deadline` (ms since the epoch) to ask for more. */
  put(environment: Environment, deadline: number): Promise<void>;
  /** True if `take` would find nothing. */
  isEmpty(): boolean;
  /** A warm environment, thawed; undefined when there is none. */
  take(): Promise<Environment | undefined>;
  /** Removes the environments, and every environment that is put from now on. */
  close(): Promise<void>;
}

interface Place {
  readonly environment: Environment;
  /** Resolves when the environment asks for more; to false when it dies before that. */
  readonly rested: Promise<boolean>;
  /** Resolves when the environment is frozen or has been claimed; to false when it is gone. */
  settled: Promise<boolean>;
  claimed: boolean;
  frozen: boolean;
  timer: NodeJS.Timeout | undefined;
}

export interface ShelfOptions {
  /** At most so many environments. */
  readonly limit: number;
  /** ms that each is kept unused. */
  readonly idle: number;
  /** ms that those are kept which are more than `wanted`, the ones unused longest first. */
  readonly surplus: number;
  /** How many the function may soon need again; asked whenever one has been unused for `surplus`. */
  readonly wanted: () => number;
  readonly log: Log;
}

/** ms that a caller waits for an environment that has answered but not yet asked for more. */
const LINGER = 50;

/** Keeps environments that are not in use. The one used last is taken first. */
export function createShelf({ limit, idle, surplus, wanted, log }: ShelfOptions): Shelf {
  const places: Place[] = [];
  let closed = false;

  const evict = async (place: Place) => {
    const index = places.indexOf(place);
    if (index >= 0) places.splice(index, 1);
    clearTimeout(place.timer);
    await place.environment.remove().catch((error: unknown) => {
      log.warn('cannot remove an environment', { reason: messageOf(error) });
    });
  };

  const settle = async (place: Place): Promise<boolean> => {
    if (!(await place.rested)) {
      if (!place.claimed) await evict(place);
      return false;
    }
    // Freezing and thawing take longer than the next invocation of a busy function.
    if (place.claimed) return true;
    if (closed) {
      await evict(place);
      return false;
    }
    await place.environment.freeze();
    place.frozen = true;
    if (!place.claimed) {
      after(place, Math.min(surplus, idle), () => unused(place));
    }
    return true;
  };

  const after = (place: Place, ms: number, then: () => void) => {
    place.timer = setTimeout(then, ms);
    place.timer.unref();
  };

  const unused = (place: Place) => {
    const frozen = places.filter((each) => each.frozen).length;
    if (surplus >= idle || frozen > wanted()) void evict(place);
    else after(place, idle - surplus, () => void evict(place));
  };

  const put = async (environment: Environment, deadline: number) => {
    const place: Place = {
      environment,
      rested: environment.rested(deadline),
      settled: Promise.resolve(false),
      claimed: false,
      frozen: false,
      timer: undefined,
    };
    places.push(place);
    place.settled = settle(place).catch(async (error: unknown) => {
      log.warn('cannot freeze an environment', { reason: messageOf(error) });
      await evict(place);
      return false;
    });
    const oldest = places.length > limit ? places.find((each) => each.frozen) : undefined;
    if (oldest !== undefined) await evict(oldest);
    await place.settled;
  };

  const take = async (): Promise<Environment | undefined> => {
    const lingering = Promise.withResolvers<'lingers'>();
    const timer = setTimeout(() => lingering.resolve('lingers'), LINGER);
    try {
      for (let left = places.length; left > 0; left--) {
        const place = places.pop();
        if (place === undefined) return undefined;
        place.claimed = true;
        clearTimeout(place.timer);
        const rested = place.rested.catch(() => false);
        if ((await Promise.race([rested, lingering.promise])) === 'lingers') {
          // Still at work after its answer: it comes to rest by itself, and another one may be at rest already.
          place.claimed = false;
          places.unshift(place);
        } else if (!(await place.settled)) await evict(place);
        else if (await thawed(place)) return place.environment;
      }
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  };

  const thawed = async (place: Place): Promise<boolean> => {
    try {
      if (place.frozen) await place.environment.thaw();
      return true;
    } catch {
      await evict(place);
      return false;
    }
  };

  return {
    isEmpty: () => places.length === 0,
    put,
    take,
    close: async () => {
      closed = true;
      await Promise.all(places.filter((place) => place.frozen).map(evict));
    },
  };
}
