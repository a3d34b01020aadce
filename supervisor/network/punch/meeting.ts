import type { Socket } from 'node:net';
import type { Session } from '../../control/session.ts';
import type { Counterpart } from '../../membership/join.ts';
import type { Offer } from '../../protocol/offer.ts';
import { Met } from '../../protocol/punch.ts';
import { dialUnread } from '../dial.ts';
import type { OncePort } from './listen-once.ts';
import { openTogether } from './open-together.ts';
import { type PeerCredentials, secure } from './secure.ts';

/** The control connection of two nodes, and what it shows about the way between them. */
export interface PeerLink {
  readonly session: Session;
  /** `private`: both are on one network, and no NAT is between them. */
  readonly way: 'public' | 'private';
  /** This node, as the other one reaches it. */
  readonly ownAddress: string;
  /** The other node, as this one reaches it. */
  readonly peerAddress: string;
  readonly offer: Offer;
}

export interface MeetingOptions {
  readonly own: Offer;
  readonly counterpart: Counterpart;
  /** Runs for every connection that may become the one, before anything is received over it. */
  readonly onSession: (session: Session) => void;
  /** The way is proven: the two have a connection, which is not secured yet. */
  readonly onWay?: (() => void) | undefined;
  readonly signal: AbortSignal;
}

/** Two nodes that the world sees at one address are behind the same NAT, and may be on the same network. */
export function shareNat(own: Offer, other: Offer): boolean {
  return own.publicAddress === other.publicAddress && own.privateAddress !== other.privateAddress;
}

type Attempt = (signal: AbortSignal) => Promise<PeerLink>;

/** The side that asked for the meeting: takes the first way that works and says so. Rejects when none does before `signal` aborts. */
export async function call({
  own,
  counterpart,
  onSession,
  onWay,
  signal,
}: MeetingOptions): Promise<PeerLink> {
  const { offer } = counterpart;
  const connect = (way: PeerLink['way'], dial: (signal: AbortSignal) => Promise<Socket>): Attempt => {
    return async (limit) => {
      const socket = await dial(limit);
      if (way === 'public') onWay?.();
      const session = await secure(socket, 'caller', credentialsOf(counterpart), limit, onSession);
      return linkOf(session, way, own, offer);
    };
  };
  const attempts = [connect('public', (limit) => openPublicly(own, offer, limit))];
  if (offer.privatePort !== 0 && shareNat(own, offer))
    attempts.push(
      connect('private', (limit) =>
        dialUnread({ host: offer.privateAddress, port: offer.privatePort }, limit),
      ),
    );
  const link = await first(attempts, signal);
  link.session.notify(Met, {});
  return link;
}

/** The side that was asked: waits for the way that the other one takes. `listener`: for a caller on the same network. */
export async function answer(
  { own, counterpart, onSession, signal }: MeetingOptions,
  listener: OncePort | undefined,
): Promise<PeerLink> {
  const { offer } = counterpart;
  const accept = (way: PeerLink['way'], dial: (signal: AbortSignal) => Promise<Socket>): Attempt => {
    return async (limit) => {
      const socket = await dial(limit);
      const met = Promise.withResolvers<PeerLink>();
      const session = await secure(socket, 'called', credentialsOf(counterpart), limit, (fresh) => {
        onSession(fresh);
        fresh.onNotification(Met, () => met.resolve(linkOf(fresh, way, own, offer)));
      });
      void session.closed.then((reason) => met.reject(new Error(reason)));
      const abort = () => void session.close('another way was taken');
      limit.addEventListener('abort', abort, { once: true });
      try {
        return await met.promise;
      } finally {
        limit.removeEventListener('abort', abort);
      }
    };
  };
  const attempts = [accept('public', (limit) => openPublicly(own, offer, limit))];
  if (listener) attempts.push(accept('private', () => listener.connection));
  return first(attempts, signal);
}

/** Both ends dial at the same time, each from the port that it has offered. */
function openPublicly(own: Offer, { publicAddress: host, port }: Offer, limit: AbortSignal): Promise<Socket> {
  const to = { host, port: port.public, localPort: own.port.local, family: 4, autoSelectFamily: false };
  return openTogether(() => dialUnread(to, limit), limit);
}

function credentialsOf({ identity, key }: Counterpart): PeerCredentials {
  return { identity, key: Buffer.from(key, 'hex') };
}

function linkOf(session: Session, way: PeerLink['way'], own: Offer, offer: Offer): PeerLink {
  return way === 'public'
    ? { session, way, offer, ownAddress: own.publicAddress, peerAddress: offer.publicAddress }
    : { session, way, offer, ownAddress: own.privateAddress, peerAddress: offer.privateAddress };
}

/** The first that succeeds; the others are given up, and closed where they succeed all the same. */
async function first(attempts: readonly Attempt[], signal: AbortSignal): Promise<PeerLink> {
  const others = new AbortController();
  const limit = AbortSignal.any([signal, others.signal]);
  const running = attempts.map((attempt) => attempt(limit));
  const link = await Promise.any(running);
  others.abort(new Error('another way was taken'));
  for (const attempt of running)
    attempt.then(
      ({ session }) => session !== link.session && void session.close('another way was taken'),
      () => undefined,
    );
  return link;
}
