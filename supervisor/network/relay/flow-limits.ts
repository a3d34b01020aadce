import { readFileSync } from 'node:fs';
import { ControlError } from '../../control/control-error.ts';
import type { Flow } from './pump.ts';

/** Who has a part in a flow: one connection of a node to the seed, or a neighbour of a phantom. */
export type Party = string;

export interface FlowLimits {
  /** Flows that are carried or being opened. */
  readonly flows: number;
  /** The same, opened by one node. */
  readonly flowsPerNode: number;
  /** Bytes received from one end that the other does not take; with more, no flow is added of a node that holds its share or more of them, with twice as many none at all. */
  readonly bytes: number;
  /** The same, of all flows that one node has a part in. */
  readonly bytesPerNode: number;
}

export type Refusal = 'flows' | 'flowsPerNode' | 'bytes' | 'bytesPerNode' | 'ports' | 'draining';

/** A flow's place, from before it is opened until both ends are closed. */
export interface Lease {
  /** The flow that the place was taken for; the place is given up when it ends. */
  hold(flow: Flow): void;
  /** Gives the place up. Idempotent. */
  release(): void;
  /** Calls `end` when the flow shall be reset before it is held. */
  onReset(end: () => void): void;
}

const MEGABYTE = 2 ** 20;
const FLOWS = 8192;
/** For everything that is no flow. */
const SPARE_DESCRIPTORS = 256;
/** Of a flow: both ends, and both once more while it changes hands. */
const DESCRIPTORS_PER_FLOW = 4;

/** One node can take a quarter, and a function's 1,024 descriptors fit in that. */
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

/** Of this process; Node raises the soft limit to the hard one when it starts. */
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

/** Decides which flows are taken, so that many, or slow, or one node's flows do not take the place of all others. */
export class FlowAdmission {
  readonly #limits: FlowLimits;
  readonly #held: () => number;
  readonly #log: (line: string) => void;
  readonly #shares = new Map<Party, Share>();
  readonly #refused = new Map<Refusal, number>();
  #size = 0;
  #draining = false;
  #empty: (() => void) | undefined;

  /** `held`: bytes that all flows hold. */
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

  /** Throws ControlError: ENOBUFS where the relay is full, EAGAIN where the initiator has too many, ESHUTDOWN while it drains. */
  admit(initiator: Party, acceptor?: Party): Lease {
    const { flows, flowsPerNode, bytes, bytesPerNode } = this.#limits;
    if (this.#draining) throw this.refuse('draining', 'ESHUTDOWN', 'the relay is about to end');
    if (this.#size >= flows) throw this.refuse('flows', 'ENOBUFS', `${flows} flows are carried already`);
    if ((this.#shares.get(initiator)?.opened ?? 0) >= flowsPerNode)
      throw this.refuse('flowsPerNode', 'EAGAIN', `${flowsPerNode} flows of this node are carried already`);
    const parties = acceptor === undefined ? [initiator] : [...new Set([initiator, acceptor])];
    // Flows that were admitted fill up afterwards, one pair's maybe all there is: others must not pay for it.
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

  /** Counts a refusal and, ever more rarely, logs it. */
  refuse(kind: Refusal, errno: string, message: string): ControlError {
    const count = (this.#refused.get(kind) ?? 0) + 1;
    this.#refused.set(kind, count);
    if (Number.isInteger(Math.log2(count)))
      this.#log(`relay: a flow is refused (${errno}): ${message}; ${count} times so far`);
    return new ControlError(errno, message);
  }

  /** Resets all flows that `party` has a part in, or all. */
  reset(party?: Party): void {
    const shares = party === undefined ? [...this.#shares.values()] : [this.#shares.get(party)];
    for (const share of shares) for (const place of [...(share?.places ?? [])]) place.reset();
  }

  /** Takes no flow any more; resolves when the last one has ended. */
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
