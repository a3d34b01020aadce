import { backoff } from '../control/backoff.ts';
import { newNonce } from '../control/psk.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { messageOf } from '../published/message-of.ts';
import { type Link, type LinkOptions, openLink, Refused } from './link.ts';
import { JoinedOverlay, type Overlay } from './overlay.ts';
import { Uplink } from './uplink.ts';
import { Membership } from './view.ts';

export type { Duty } from '../protocol/duty.ts';
export type { Introduction, RelayPlace } from '../protocol/flows.ts';
export type { JoinRequest } from '../protocol/join.ts';
export type { Member } from '../protocol/membership.ts';
export type { Forwarded, ForwardRequest, Launched } from '../protocol/phantom.ts';
export type { Counterpart, PunchIntroduction } from '../protocol/punch.ts';
export type { HostRequests, Overlay, OverlayView, PhantomRequests } from './overlay.ts';

export interface JoinOptions extends LinkOptions {
  readonly identity: string;
  /** The key of `identity`, see `pskOf`. */
  readonly key: Buffer;
  /** Aborting ends the membership. */
  readonly signal: AbortSignal;
  /** How long to go on dialling a seed that does not answer yet, ms. */
  readonly retryFor: number;
}

/**
 * Joins the overlay through the seed. Rejects with BoxerError JOIN_REFUSED when the seed refuses this node,
 * LAUNCH_USED when another function has this launch, SEED_UNREACHABLE when no seed answers for `retryFor` ms,
 * or with the signal's reason.
 */
export async function joinOverlay(options: JoinOptions): Promise<Overlay> {
  const membership = new Membership();
  const link = await firstLink({ claim: newNonce(), ...options }, membership);
  const uplink = new Uplink(options, membership, link);
  const abort = () => void uplink.close('aborted');
  options.signal.addEventListener('abort', abort);
  void uplink.closed.then(() => options.signal.removeEventListener('abort', abort));
  if (options.signal.aborted) abort();
  return new JoinedOverlay(uplink, membership);
}

async function firstLink(options: JoinOptions, membership: Membership): Promise<Link> {
  const { seed, signal, retryFor } = options;
  const until = Date.now() + retryFor;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await openLink(options, options, membership, signal);
    } catch (error) {
      signal.throwIfAborted();
      const message = messageOf(error);
      if (error instanceof Refused && error.errno === 'EALREADY')
        throw new BoxerError('LAUNCH_USED', `not started a second time: ${message}`, { cause: error });
      if (error instanceof Refused)
        throw new BoxerError(
          'JOIN_REFUSED',
          `the seed at ${seed.host}:${seed.port} refuses this node: ${message}`,
          {
            hint: 'the project may have a new key: docker boxer down, then up',
            cause: error,
          },
        );
      if (Date.now() >= until)
        throw new BoxerError(
          'SEED_UNREACHABLE',
          `no seed at ${seed.host}:${seed.port} in ${retryFor} ms: ${message}`,
          {
            hint: 'is the seed of this project running? docker compose ps --all shows it',
            cause: error,
          },
        );
    }
    await backoff(attempt, signal);
  }
}
