import { randomBytes } from 'node:crypto';
import { dialControl } from '../control/dial.ts';
import type { Endpoint } from '../control/endpoint.ts';
import type { Session } from '../control/session.ts';
import { Hello } from '../protocol/greeting.ts';
import type { Filtering } from '../protocol/offer.ts';
import { Probe, ProbeMeet } from '../protocol/probe.ts';
import type { ProbeEvent } from '../published/probe.ts';

/**
 * How long the other function may take to reach the same step, ms. Its cold start may take much longer than
 * this function's.
 */
const MEET_TIMEOUT = 60_000;

/** A probe's connection to the seed. */
export interface SeedSide {
  readonly session: Session;
  readonly observers: readonly Endpoint[];
  /**
   * The endpoint from which the seed sees this function, and how the NAT treats unsolicited packets there.
   */
  readonly seen: { readonly observed: Endpoint; readonly filtering: Filtering };
  /** Exchanges values with the other function; resolves on both sides at the same time. */
  exchange(step: string, value: unknown): Promise<unknown>;
}

/** Connects to the seed. Rejects with the errors of `dialControl`, or with the seed's refusal. */
export async function openSeedSide(
  { host, port, identity, key, pair }: NonNullable<ProbeEvent['seed']>,
  side: 'a' | 'b',
  signal: AbortSignal,
): Promise<SeedSide> {
  const session = await dialControl({ host, port, identity, key: Buffer.from(key, 'hex'), signal });
  try {
    const [hello, seen] = await Promise.all([
      session.request(Hello, { version: 1, capabilities: [] }, { signal }),
      session.request(Probe, {}, { signal }),
    ]);
    const { address } = session.remote;
    return {
      session,
      observers: hello.observers.map((observer) => ({ address, port: observer })),
      seen,
      exchange: async (step, value) => {
        const body = { pair, side, step, value };
        const { value: theirs } = await session.request(ProbeMeet, body, { signal, timeout: MEET_TIMEOUT });
        return theirs;
      },
    };
  } catch (error) {
    void session.close('could not begin');
    throw error;
  }
}

/** Returns the secret word by which the two functions find each other at the seed. */
export const newPair = () => randomBytes(16).toString('hex');
