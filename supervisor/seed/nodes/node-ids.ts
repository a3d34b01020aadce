import { ControlError } from '../../control/control-error.ts';

/**
 * How long an id rests after its node has gone, ms. During that time only the same node may return under it;
 * afterwards another node may get it.
 */
const REST = 60_000;

/** Gives out node ids from 1 on: first the lowest unused one, then the one that has been free for longest. */
export class NodeIds {
  readonly #last: number;
  readonly #taken = new Set<number>();
  /** Maps a free id to the time when it became free, in the order of these times. */
  readonly #free = new Map<number, number>();
  #next = 1;

  constructor(last: number) {
    this.#last = last;
  }

  /** @throws ControlError ENOSPC if all ids are taken or resting. */
  allocate(now = Date.now()): number {
    while (this.#taken.has(this.#next) || this.#free.has(this.#next)) this.#next += 1;
    const [oldest] = this.#free;
    const reused = oldest && now - oldest[1] >= REST ? oldest[0] : undefined;
    const id = this.#next <= this.#last ? this.#next : reused;
    if (id === undefined) throw new ControlError('ENOSPC', `the overlay is full: ${this.#last} nodes`);
    this.claim(id);
    return id;
  }

  /** Takes this id; returns false if another node has it. */
  claim(id: number): boolean {
    if (id > this.#last || this.#taken.has(id)) return false;
    this.#free.delete(id);
    this.#taken.add(id);
    return true;
  }

  release(id: number, now = Date.now()): void {
    if (this.#taken.delete(id)) this.#free.set(id, now);
  }

  /** Lets an id rest that another seed has used, before this seed gives it to a node. */
  rest(id: number, now = Date.now()): void {
    if (id <= this.#last && !this.#taken.has(id) && !this.#free.has(id)) this.#free.set(id, now);
  }
}
