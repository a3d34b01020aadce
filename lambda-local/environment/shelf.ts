import type { Log } from '../base/log.ts';
import { messageOf } from '../base/log.ts';
import type { Environment } from './environment.ts';

/** An environment on the shelf. */
interface Place {
  readonly environment: Environment;
  /** Resolves to true when the environment asks for more work, and to false if it dies before that. */
  readonly rested: Promise<boolean>;
  /** Resolves to true when the environment is frozen or claimed, and to false if it has gone. */
  settled: Promise<boolean>;
  claimed: boolean;
  frozen: boolean;
  timer: NodeJS.Timeout | undefined;
}

export interface ShelfOptions {
  /** Maximum number of environments. */
  readonly limit: number;
  /** How long an unused environment is kept, ms. */
  readonly idle: number;
  /** How long unused environments beyond the number `wanted` are kept, ms. */
  readonly surplus: number;
  /** The number of environments that the function may soon need again. */
  readonly wanted: () => number;
  readonly log: Log;
}

/** How long a caller waits for an environment that has answered but not yet asked for more work, ms. */
const LINGER = 50;

/**
 * Keeps the environments of a function between two invocations: frozen, or about to be. The environment that
 * was used last is taken first.
 */
export class Shelf {
  readonly #options: ShelfOptions;
  readonly #places: Place[] = [];
  #isClosed = false;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** True if `take` would find no environment. */
  isEmpty(): boolean {
    return this.#places.length === 0;
  }

  /**
   * Takes over an environment that has answered, which has until `deadline` (ms since the epoch) to ask for
   * more work. Resolves when the environment is frozen or gone.
   */
  async put(environment: Environment, deadline: number): Promise<void> {
    const place: Place = {
      environment,
      rested: environment.rested(deadline),
      settled: Promise.resolve(false),
      claimed: false,
      frozen: false,
      timer: undefined,
    };
    const places = this.#places;
    places.push(place);
    place.settled = this.#settle(place).catch(async (error: unknown) => {
      this.#options.log.warn('cannot freeze an environment', { reason: messageOf(error) });
      await this.#evict(place);
      return false;
    });
    const oldest = places.length > this.#options.limit ? places.find((each) => each.frozen) : undefined;
    if (oldest !== undefined) await this.#evict(oldest);
    await place.settled;
  }

  /** Resolves to a warm environment, thawed, or to undefined if there is none. */
  async take(): Promise<Environment | undefined> {
    const lingering = Promise.withResolvers<'lingers'>();
    const timer = setTimeout(() => lingering.resolve('lingers'), LINGER);
    try {
      for (let left = this.#places.length; left > 0; left--) {
        const place = this.#places.pop();
        if (place === undefined) return undefined;
        place.claimed = true;
        clearTimeout(place.timer);
        const rested = place.rested.catch(() => false);
        if ((await Promise.race([rested, lingering.promise])) === 'lingers') {
          // The environment still works after its answer. Another one may be at rest already.
          place.claimed = false;
          this.#places.unshift(place);
        } else if (!(await place.settled)) await this.#evict(place);
        else if (await this.#thaw(place)) return place.environment;
      }
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Removes the environments, and every environment that is put from now on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#places.filter((place) => place.frozen).map((place) => this.#evict(place)));
  }

  async #settle(place: Place): Promise<boolean> {
    if (!(await place.rested)) {
      if (!place.claimed) await this.#evict(place);
      return false;
    }
    // Freezing and thawing take longer than the next invocation of a busy function.
    if (place.claimed) return true;
    if (this.#isClosed) {
      await this.#evict(place);
      return false;
    }
    await place.environment.freeze();
    place.frozen = true;
    if (!place.claimed) this.#watchUse(place);
    return true;
  }

  /**
   * Removes an unused environment after `surplus` ms if it is one too many, and otherwise after `idle` ms.
   */
  #watchUse(place: Place): void {
    const { surplus, idle, wanted } = this.#options;
    const after = (ms: number, then: () => void) => {
      place.timer = setTimeout(then, ms);
      place.timer.unref();
    };
    const evict = () => void this.#evict(place);
    after(Math.min(surplus, idle), () => {
      const frozen = this.#places.filter((each) => each.frozen).length;
      if (surplus >= idle || frozen > wanted()) evict();
      else after(idle - surplus, evict);
    });
  }

  async #thaw(place: Place): Promise<boolean> {
    try {
      if (place.frozen) await place.environment.thaw();
      return true;
    } catch {
      await this.#evict(place);
      return false;
    }
  }

  async #evict(place: Place): Promise<void> {
    const index = this.#places.indexOf(place);
    if (index >= 0) this.#places.splice(index, 1);
    clearTimeout(place.timer);
    await place.environment.remove().catch((error: unknown) => {
      this.#options.log.warn('cannot remove an environment', { reason: messageOf(error) });
    });
  }
}
