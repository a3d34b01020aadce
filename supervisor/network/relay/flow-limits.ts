import { readFileSync } from 'node:fs';
import { ControlError } from '../../control/control-error.ts';
import type { Flow } from './pump.ts';

/**
 * One side of a flow, for the limits: a node, named by its connection to the seed, or a neighbour of a
 * phantom, named by its address.
 */
export type Party = string;

export interface FlowLimits {
  /** Maximum number of flows that are carried or being opened. */
  readonly flows: number;
  /** Maximum number of flows that one node has opened. */
  readonly flowsPerNode: number;
  /**
   * Bytes that one end has sent and the other end has not taken, in all flows. Beyond this limit, nodes that
   * hold their share or more get no further flow; beyond twice the limit, no node does.
   */
  readonly bytes: number;
  /** The same limit for the flows in which one node takes part. */
  readonly bytesPerNode: number;
}

export type Refusal = 'flows' | 'flowsPerNode' | 'bytes' | 'bytesPerNode' | 'ports' | 'draining';

/** A flow's place in the limits, from before it is opened until both its ends are closed. */
export interface Lease {
  /** Binds the place to `flow`; the place is released when the flow ends. */
  hold(flow: Flow): void;
  /** Releases the place. Idempotent. */
  release(): void;
  /** Calls `end` when the flow has to be reset before `hold` was called. */
  onReset(end: () => void): void;
}

const MEGABYTE = 2 ** 20;
const FLOWS = 8192;
/** Descriptors that are kept for everything but flows. */
const SPARE_DESCRIPTORS = 256;
/** A flow needs a descriptor for each end, and two more while the native thread takes the ends over. */
const DESCRIPTORS_PER_FLOW = 4;

/**
 * Returns the limits for `descriptors` descriptors. One node can have a quarter of all flows, which is more
 * than a function's 1,024 descriptors allow.
 */
export function defaultLimits(descriptors = descriptorLimit()): FlowLimits {
  const possible = Math.floor((descriptors - SPARE_DESCRIPTORS) / DESCRIPTORS_PER_FLOW);
  const flows = Math.max(1, Math.min(FLOWS, possible));
  return {
    flows,
    flowsPerNode: Math.max(1, Math.ceil(flows / 4)),
    bytes: 512 * MEGABYTE,
    bytesPerNode: 128 * MEGABYTE,
  };
}

/**
 * Returns the descriptor limit of this process. Node raises the soft limit to the hard limit when it starts.
 */
function descriptorLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 1024);
}

interface Place {
  flow: Flow | undefined;
  readonly reset: () => void;
}

interface Share {
  /** Flows that this party opened. */
  opened: number;
  readonly places: Set<Place>;
}

/**
 * Decides which flows are admitted, so that neither many flows, nor slow ones, nor those of one node crowd
 * out all others.
 */
export class FlowAdmission {
  readonly #limits: FlowLimits;
  readonly #held: () => number;
  readonly #log: (line: string) => void;
  readonly #shares = new Map<Party, Share>();
  readonly #refused = new Map<Refusal, number>();
  #size = 0;
  #draining = false;
  #empty: (() => void) | undefined;

  /** `held` returns the number of bytes that all flows hold. */
  constructor(limits: FlowLimits, held: () => number, log: (line: string) => void) {
    this.#limits = limits;
    this.#held = held;
    this.#log = log;
  }

  get size(): number {
    return this.#size;
  }

  refusals(): ReadonlyMap<Refusal, number> {
    return this.#refused;
  }

  /**
   * Admits a flow.
   * @throws ControlError ENOBUFS if the relay is full, EAGAIN if a node has reached its limit, ESHUTDOWN
   * while the relay drains.
   */
  admit(initiator: Party, acceptor?: Party): Lease {
    const { flows, flowsPerNode, bytes, bytesPerNode } = this.#limits;
    if (this.#draining) throw this.refuse('draining', 'ESHUTDOWN', 'the relay is about to end');
    if (this.#size >= flows) throw this.refuse('flows', 'ENOBUFS', `${flows} flows are carried already`);
    if ((this.#shares.get(initiator)?.opened ?? 0) >= flowsPerNode)
      throw this.refuse('flowsPerNode', 'EAGAIN', `${flowsPerNode} flows of this node are carried already`);
    const parties = acceptor === undefined ? [initiator] : [...new Set([initiator, acceptor])];
    // Flows fill up after they were admitted, and may all belong to one pair of nodes. Other nodes must not
    // be refused because of these flows.
    const held = this.#held();
    const share = bytes / (this.#shares.size + 1);
    if (held >= 2 * bytes || (held >= bytes && parties.some((party) => this.#heldBy(party) >= share)))
      throw this.refuse('bytes', 'ENOBUFS', `${held} bytes wait for slow readers already`);
    for (const party of parties)
      if (this.#heldBy(party) >= bytesPerNode)
        throw this.refuse(
          'bytesPerNode',
          'EAGAIN',
          `${bytesPerNode} bytes wait in flows of one node already`,
        );
    return this.#lease(initiator, parties);
  }

  /** Counts a refusal, and logs it if the count is a power of two. */
  refuse(kind: Refusal, errno: string, message: string): ControlError {
    const count = (this.#refused.get(kind) ?? 0) + 1;
    this.#refused.set(kind, count);
    if (Number.isInteger(Math.log2(count)))
      this.#log(`relay: a flow is refused (${errno}): ${message}; ${count} times so far`);
    return new ControlError(errno, message);
  }

  /** Resets all flows in which `party` takes part; without a party, all flows. */
  reset(party?: Party): void {
    const shares = party === undefined ? [...this.#shares.values()] : [this.#shares.get(party)];
    for (const share of shares) for (const place of [...(share?.places ?? [])]) place.reset();
  }

  /** Admits no further flow. Resolves when the last flow has ended. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#empty = resolve;
      if (this.#size === 0) resolve();
    });
  }

  #heldBy(party: Party): number {
    let bytes = 0;
    for (const { flow } of this.#shares.get(party)?.places ?? []) bytes += flow?.held() ?? 0;
    return bytes;
  }

  #lease(initiator: Party, parties: readonly Party[]): Lease {
    let released = false;
    let end = (): void => undefined;
    const place: Place = { flow: undefined, reset: () => (place.flow ? place.flow.reset() : end()) };
    this.#size += 1;
    for (const party of parties) {
      const share = this.#shares.get(party) ?? { opened: 0, places: new Set() };
      share.places.add(place);
      if (party === initiator) share.opened += 1;
      this.#shares.set(party, share);
    }
    const release = () => {
      if (released) return;
      released = true;
      this.#size -= 1;
      for (const party of parties) this.#leave(party, place, party === initiator);
      if (this.#size === 0) this.#empty?.();
    };
    return {
      release,
      hold(flow) {
        place.flow = flow;
        void flow.done.then(release);
      },
      onReset(given) {
        end = given;
      },
    };
  }

  #leave(party: Party, place: Place, opened: boolean): void {
    const share = this.#shares.get(party);
    if (!share) return;
    share.places.delete(place);
    if (opened) share.opened -= 1;
    if (share.places.size === 0) this.#shares.delete(party);
  }
}
