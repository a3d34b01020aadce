import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { ControlError } from '../control/control-error.ts';
import type { Endpoint } from '../control/endpoint.ts';
import type { Overlay } from '../membership/join.ts';
import { dialIn } from '../network/relay/dial-in.ts';
import type { Relay } from '../network/relay/relay.ts';
import type { Introducer } from './introducer.ts';

/** A connection that a neighbour has made to one of the guest's ports in this container. */
export interface Arrival {
  readonly port: number;
  readonly origin: Endpoint;
}

/**
 * Resolves to the guest's end of a neighbour's connection, which the caller owns. Rejects with ControlError,
 * whose errno is the guest's answer, or with the signal's reason.
 */
export type Fetch = (arrival: Arrival, signal: AbortSignal) => Promise<Socket>;

/** For a function that can dial this container: it dials the relay of the phantom. */
export function fetchHere(relay: Relay, overlay: Overlay, introducer: Introducer): Fetch {
  return async (arrival, signal) => {
    const token = randomBytes(16).toString('hex');
    const abandon = new AbortController();
    const dialledIn = relay.expect(token, { signal: AbortSignal.any([signal, abandon.signal]) });
    dialledIn.catch(() => undefined);
    try {
      const place = { relay: { address: overlay.local.address, port: relay.port }, token };
      await introducer.introduce({ ...arrival, place });
      return await dialledIn;
    } catch (error) {
      abandon.abort(error);
      dialledIn.then(
        (late) => late.resetAndDestroy(),
        () => undefined,
      );
      throw error;
    }
  };
}

/**
 * For a function that cannot dial this container: both the function and the phantom dial the relay of the
 * seed.
 */
export function fetchBySeed(overlay: Overlay): Fetch {
  return async (arrival, signal) => {
    const { place } = await overlay.forward(arrival);
    if (!place) throw new ControlError('EPROTO', 'the seed did not say at which relay the connection waits');
    return dialIn(place, signal);
  };
}
