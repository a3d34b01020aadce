import { ControlError, codeOf } from '../control/control-error.ts';
import { DEFLATE } from '../control/deflated.ts';
import { dialControl } from '../control/dial.ts';
import type { Endpoint } from '../control/endpoint.ts';
import type { Session } from '../control/session.ts';
import type { SessionOptions } from '../control/session-options.ts';
import { Introduce, type Introduction } from '../protocol/flows.ts';
import { Hello, type HelloReply } from '../protocol/greeting.ts';
import { Join, type Joined, type JoinRequest } from '../protocol/join.ts';
import { MembershipChanged, OtherSeeds } from '../protocol/membership.ts';
import type { Offer } from '../protocol/offer.ts';
import { AskToMeet, type Counterpart, Pairs, Punch, type PunchIntroduction } from '../protocol/punch.ts';
import { messageOf } from '../published/message-of.ts';
import type { PairStatus } from '../published/node-config.ts';
import { measureRelays } from './distances.ts';
import type { Membership } from './view.ts';

export interface LinkOptions extends SessionOptions {
  readonly seed: { readonly host: string; readonly port: number };
  /** The promise may still be pending: the request is needed only once the connection is open. */
  readonly join: JoinRequest | Promise<JoinRequest>;
  /** Time limit for look-up, connect and handshake together, ms; the default is that of `dialControl`. */
  readonly timeout?: number | undefined;
  /** See `JoinBody.claim`. */
  readonly claim?: string | undefined;
  /**
   * Brings the introduced connection to the guest. The `code` of an error is the errno of the peer's
   * connect().
   */
  readonly introduce: (introduction: Introduction, context: { signal: AbortSignal }) => Promise<void>;
  /** Handlers for meetings with other nodes. Without handlers, other nodes cannot meet this node. */
  readonly peers?: PeerHandlers | undefined;
}

/** Handlers for requests that the seed makes on behalf of other nodes. */
export interface PeerHandlers {
  /** Another node wants a connection with this node. Resolves to this node's offer. */
  meet(counterpart: Counterpart): Promise<Offer>;
  /**
   * Opens this node's end of a connection; resolves when the end is under way. The `code` of an error is the
   * errno of the peer's connect().
   */
  punch(introduction: PunchIntroduction): Promise<{ readonly port?: number }>;
  /** Returns the pairs that this node has used. */
  pairs(): Promise<readonly PairStatus[]>;
}

/** A connection to the seed by which this node has joined. */
export interface Link {
  readonly session: Session;
  readonly hello: HelloReply;
  readonly joined: Joined;
  readonly local: Endpoint;
}

/** Errors after which another attempt may succeed. */
const PASSING: ReadonlySet<string> = new Set(['ECONNRESET', 'ETIMEDOUT', 'EAGAIN', 'ENOSPC']);

/**
 * The seed, or a host that answers in its place, refuses this node; `code` is the errno. Another attempt
 * would not help.
 */
export class Refused extends ControlError {}

/**
 * Dials the seed, joins and waits for the first snapshot. Rejects with Refused, with another ControlError if
 * a later attempt may succeed, or with the signal's reason.
 */
export async function openLink(
  options: LinkOptions,
  credentials: { readonly identity: string; readonly key: Buffer },
  membership: Membership,
  signal: AbortSignal | undefined,
): Promise<Link> {
  const session = await dialControl({
    ...{ ...options, ...options.seed, ...credentials, signal },
    takesDeflated: true,
  }).catch((error: unknown) => {
    throw codeOf(error) === 'EACCES' ? refused(error) : error;
  });
  const snapshot = Promise.withResolvers<void>();
  void session.closed.then((reason) => snapshot.reject(new ControlError('ECONNRESET', reason)));
  session.onNotification(MembershipChanged, (update) => {
    membership.apply(update);
    if (!update.more) snapshot.resolve();
  });
  session.onNotification(OtherSeeds, ({ seeds }) => {
    membership.seeds = seeds;
  });
  measureRelays(session);
  session.handle(Introduce, options.introduce);
  const { peers } = options;
  if (peers) {
    session.handle(AskToMeet, async (counterpart) => ({ offer: await peers.meet(counterpart) }));
    session.handle(Punch, (introduction) => peers.punch(introduction));
    session.handle(Pairs, async () => ({ pairs: await peers.pairs() }));
  }
  try {
    const { local, remote } = session;
    const body = { ...(await options.join), local, via: remote.address, claim: options.claim };
    // Both requests are sent at once, as the join does not depend on the reply to hello.
    const [hello, joined] = await Promise.all([
      session.request(Hello, { version: 1, capabilities: ['relay', 'punch', DEFLATE] }, { signal }),
      session.request(Join, body, { signal }),
      snapshot.promise,
    ]);
    return { session, hello, joined, local };
  } catch (error) {
    void session.close('could not join');
    throw signal?.aborted || PASSING.has(codeOf(error)) ? error : refused(error);
  }
}

function refused(error: unknown): Refused {
  const message = messageOf(error);
  return new Refused(codeOf(error) || 'EPROTO', message, { cause: error });
}
