import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { ControlError } from '../control/control-error.ts';
import type { Endpoint } from '../control/endpoint.ts';
import type { Overlay } from '../membership/join.ts';
import { dialIn } from '../network/relay/dial-in.ts';
import type { Relay } from '../network/relay/relay.ts';
import type { Introducer } from './introducer.ts';

/** A neighbour's connection to a port of the guest's. */
export interface Arrival {
  readonly port: number;
  readonly origin: Endpoint;
}

/**
 * Gets the guest's end of a neighbour's connection, which the caller owns. Rejects with ControlError, the errno being the guest's
 * answer, or with the signal's reason.
 */
export type Fetch = (arrival: Arrival, signal: AbortSignal) => Promise<Socket>;

/** The function dials the phantom's own relay. */
export function fetchHere(relay: Relay, overlay: Overlay, introducer: Introducer): Fetch {
  return async (arrival, signal) => {
    const token = randomBytes(16).toString('hex');
    const given = new AbortController();
    const dialledIn = relay.expect(token, { signal: AbortSignal.any([signal, given.signal]) });
    dialledIn.catch(() => undefined);
    try {
      const place = { relay: { address: overlay.local.address, port: relay.port }, token };
      await introducer.introduce({ ...arrival, place });
      return await dialledIn;
    } catch (error) {
      given.abort(error);
      dialledIn.then(
        (late) => late.resetAndDestroy(),
        () => undefined,
      );
      throw error;
    }
  };
}

/** Both dial the seed's relay: the function reaches no other place of ours. */
export function fetchBySeed(overlay: Overlay): Fetch {
  return async (arrival, signal) => {
    const { place } = await overlay.forward(arrival);
    if (!place) throw new ControlError('EPROTO', 'the seed names no place where the connection waits');
    return dialIn(place, signal);
  };
}
