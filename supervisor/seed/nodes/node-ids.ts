import { ControlError } from '../../control/control-error.ts';

/**
 * How long an id rests after its node has gone, ms. Until then its owner may return; afterwards another node
 * may get it.
 */
const REST = 60_000;

/** Gives out node ids from 1 on: first the lowest unused one, then those that have been free for longest. */
export class NodeIds {
  readonly #last: number;
  readonly #taken = new Set<number>();
  /** Id -> when it became free, in that order. */
  readonly #free = new Map<number, number>();
  #next = 1;

  constructor(last: number) {
    this.#last = last;
  }

  /** Throws ControlError ENOSPC when all ids are taken or resting. */
  allocate(now = Date.now()): number {
    while (this.#taken.has(this.#next) || this.#free.has(this.#next)) this.#next += 1;
    const [oldest] = this.#free;
    const reused = oldest && now - oldest[1] >= REST ? oldest[0] : undefined;
    const id = this.#next <= this.#last ? this.#next : reused;
    if (id === undefined) throw new ControlError('ENOSPC', `the overlay is full: ${this.#last} nodes`);
    this.claim(id);
    return id;
  }

  /** Takes this id; false if another node has it. */
  claim(id: number): boolean {
    if (id > this.#last || this.#taken.has(id)) return false;
    this.#free.delete(id);
    this.#taken.add(id);
    return true;
  }

  release(id: number, now = Date.now()): void {
    if (this.#taken.delete(id)) this.#free.set(id, now);
  }

  /** Another seed has used this id: it rests before a node gets it from this one. */
  rest(id: number, now = Date.now()): void {
    if (id <= this.#last && !this.#taken.has(id) && !this.#free.has(id)) this.#free.set(id, now);
  }
}
