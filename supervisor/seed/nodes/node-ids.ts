import { ControlError } from '../../control/control-error.ts';

/** An id is free for another node only when its last one has been gone for so long, in ms; until then its owner may resume. */
const REST = 60_000;

/** Node ids from 1 on: the lowest that was never used, then those that have been free the longest. */
export class NodeIds {
  readonly #last: number;
  readonly #taken = new Set<number>();
  /** id -> when it became free; in that order */
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

  /** Takes this very id; false when another node has it. */
  claim(id: number): boolean {
    if (id > this.#last || this.#taken.has(id)) return false;
    this.#free.delete(id);
    this.#taken.add(id);
    return true;
  }

  release(id: number, now = Date.now()): void {
    if (this.#taken.delete(id)) this.#free.set(id, now);
  }

  /** An id that was used where this seed has not seen it: no other node gets it before its time. */
  rest(id: number, now = Date.now()): void {
    if (id <= this.#last && !this.#taken.has(id) && !this.#free.has(id)) this.#free.set(id, now);
  }
}
