import type { Socket } from 'node:net';
import type { Session } from '../../control/session.ts';
import type { Counterpart } from '../../membership/join.ts';
import type { Offer } from '../../protocol/offer.ts';
import { Met } from '../../protocol/punch.ts';
import { dialUnread } from '../dial.ts';
import type { OncePort } from './listen-once.ts';
import { openTogether } from './open-together.ts';
import { type PeerCredentials, secure } from './secure.ts';

/** The control connection of two nodes, and the facts that it shows about the path between them. */
export interface PeerLink {
  readonly session: Session;
  /** `private`: both nodes are on one network, and no NAT is between them. */
  readonly path: 'public' | 'private';
  /** The address at which the other node reaches this node. */
  readonly ownAddress: string;
  /** The address at which this node reaches the other node. */
  readonly peerAddress: string;
  readonly offer: Offer;
}

export interface MeetingOptions {
  readonly ownOffer: Offer;
  readonly counterpart: Counterpart;
  /** Called for every connection that may become the link, before anything is received over it. */
  readonly onSession: (session: Session) => void;
  /**
   * Called when the public path has proven to work: the two nodes have a connection, which is not secured
   * yet.
   */
  readonly onReachable?: (() => void) | undefined;
  readonly signal: AbortSignal;
}

/**
 * Whether two nodes have the same public address. If so, they are behind the same NAT and may be on the same
 * network.
 */
export function shareNat(ownOffer: Offer, other: Offer): boolean {
  return ownOffer.publicAddress === other.publicAddress && ownOffer.privateAddress !== other.privateAddress;
}

type Attempt = (signal: AbortSignal) => Promise<PeerLink>;

/**
 * Connects as the side that asked for the meeting: takes the first path that works and tells the other side.
 * Rejects when no path works before `signal` aborts.
 */
export async function call({
  ownOffer,
  counterpart,
  onSession,
  onReachable,
  signal,
}: MeetingOptions): Promise<PeerLink> {
  const { offer } = counterpart;
  const connect = (path: PeerLink['path'], dial: (signal: AbortSignal) => Promise<Socket>): Attempt => {
    return async (limit) => {
      const socket = await dial(limit);
      if (path === 'public') onReachable?.();
      const session = await secure(socket, 'caller', credentialsOf(counterpart), limit, onSession);
      return linkOf(session, path, ownOffer, offer);
    };
  };
  const attempts = [connect('public', (limit) => openPublicly(ownOffer, offer, limit))];
  if (offer.privatePort !== 0 && shareNat(ownOffer, offer))
    attempts.push(
      connect('private', (limit) =>
        dialUnread({ host: offer.privateAddress, port: offer.privatePort }, limit),
      ),
    );
  const link = await firstToSucceed(attempts, signal);
  link.session.notify(Met, {});
  return link;
}

/**
 * Connects as the side that was asked: waits for the path that the caller takes. `listener` is for a caller
 * on the same network.
 */
export async function answer(
  { ownOffer, counterpart, onSession, signal }: MeetingOptions,
  listener: OncePort | undefined,
): Promise<PeerLink> {
  const { offer } = counterpart;
  const accept = (path: PeerLink['path'], dial: (signal: AbortSignal) => Promise<Socket>): Attempt => {
    return async (limit) => {
      const socket = await dial(limit);
      const met = Promise.withResolvers<PeerLink>();
      const session = await secure(socket, 'called', credentialsOf(counterpart), limit, (fresh) => {
        onSession(fresh);
        fresh.onNotification(Met, () => met.resolve(linkOf(fresh, path, ownOffer, offer)));
      });
      void session.closed.then((reason) => met.reject(new Error(reason)));
      const abort = () => void session.close('another path was taken');
      limit.addEventListener('abort', abort, { once: true });
      try {
        return await met.promise;
      } finally {
        limit.removeEventListener('abort', abort);
      }
    };
  };
  const attempts = [accept('public', (limit) => openPublicly(ownOffer, offer, limit))];
  if (listener) attempts.push(accept('private', () => listener.connection));
  return firstToSucceed(attempts, signal);
}

/** Both ends dial at the same time, each from the port that it has offered. */
function openPublicly(
  ownOffer: Offer,
  { publicAddress: host, port }: Offer,
  limit: AbortSignal,
): Promise<Socket> {
  const to = { host, port: port.public, localPort: ownOffer.port.local, family: 4, autoSelectFamily: false };
  return openTogether(() => dialUnread(to, limit), limit);
}

function credentialsOf({ identity, key }: Counterpart): PeerCredentials {
  return { identity, key: Buffer.from(key, 'hex') };
}

function linkOf(session: Session, path: PeerLink['path'], ownOffer: Offer, offer: Offer): PeerLink {
  return path === 'public'
    ? { session, path, offer, ownAddress: ownOffer.publicAddress, peerAddress: offer.publicAddress }
    : { session, path, offer, ownAddress: ownOffer.privateAddress, peerAddress: offer.privateAddress };
}

/**
 * Resolves to the first attempt that succeeds. The other attempts are aborted; if one of them succeeds
 * nevertheless, its session is closed.
 */
async function firstToSucceed(attempts: readonly Attempt[], signal: AbortSignal): Promise<PeerLink> {
  const others = new AbortController();
  const limit = AbortSignal.any([signal, others.signal]);
  const running = attempts.map((attempt) => attempt(limit));
  const link = await Promise.any(running);
  others.abort(new Error('another path was taken'));
  for (const attempt of running)
    attempt.then(
      ({ session }) => session !== link.session && void session.close('another path was taken'),
      () => undefined,
    );
  return link;
}
