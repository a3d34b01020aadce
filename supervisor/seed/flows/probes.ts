import { ControlError } from '../../control/control-error.ts';
import type { Session } from '../../control/session.ts';
import { Probe, ProbeMeet, type ProbeMeeting } from '../../protocol/probe.ts';
import type { FilterProbe } from './filter-probe.ts';

/** Maximum number of probing functions: enough for two functions, and for functions of interrupted probes. */
const MAX_SESSIONS = 16;
/** How long a probe may take, ms. */
const LIFE = 300_000;

interface Waiting {
  readonly value: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The state of a probing function. */
interface Probing {
  pair?: string;
  /** The key of the step at which the function waits. */
  waitsAt?: string;
}

/**
 * Tells each probing function how the seed sees it, and lets the two functions of a pair proceed step by
 * step.
 */
export class Probes {
  readonly #filter: FilterProbe;
  readonly #probes = new Map<Session, Probing>();
  /** Functions that wait, by pair, side and step. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(filter: FilterProbe) {
    this.#filter = filter;
  }

  /** Serves a connection with a probe's identity. Calls `begun` at its first request. */
  serve(session: Session, begun: () => void): void {
    session.handle(Probe, async () => {
      if (!this.#probes.has(session)) this.#add(session);
      begun();
      return { observed: session.remote, filtering: await this.#filter.of(session.remote.address) };
    });
    session.handle(ProbeMeet, async (meeting) => {
      const probe = this.#probes.get(session);
      if (!probe) throw new ControlError('EPROTO', 'probe comes first');
      return { value: await this.#meet(probe, meeting) };
    });
  }

  /**
   * Resolves to the value of the other function of the pair at the same step. A function waits at one step at
   * a time.
   */
  #meet(probe: Probing, { pair, side, step, value }: ProbeMeeting): Promise<unknown> {
    probe.pair = pair;
    const theirs = keyOf(pair, side === 'a' ? 'b' : 'a', step);
    const other = this.#waiting.get(theirs);
    if (other) {
      this.#waiting.delete(theirs);
      other.resolve(value);
      return Promise.resolve(other.value);
    }
    this.#giveUp(probe.waitsAt, 'went on to another step');
    const waiting = Promise.withResolvers<unknown>();
    probe.waitsAt = keyOf(pair, side, step);
    this.#waiting.set(probe.waitsAt, { value, ...waiting });
    return waiting.promise;
  }

  #add(session: Session): void {
    if (this.#probes.size >= MAX_SESSIONS) throw new ControlError('EAGAIN', `${MAX_SESSIONS} probes at most`);
    const probe: Probing = {};
    this.#probes.set(session, probe);
    const timer = setTimeout(() => session.close('the probe takes too long'), LIFE);
    void session.closed.then(() => {
      clearTimeout(timer);
      this.#probes.delete(session);
      this.#giveUp(probe.waitsAt, 'has gone');
      for (const { pair, waitsAt } of this.#probes.values())
        if (pair === probe.pair) this.#giveUp(waitsAt, 'the other function has gone');
    });
  }

  #giveUp(key: string | undefined, why: string): void {
    if (key === undefined) return;
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    waiting?.reject(new ControlError('ECONNRESET', why));
  }
}

const keyOf = (pair: string, side: string, step: string) => `${pair} ${side} ${step}`;
