import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { listenControl } from '../control/listen.ts';
import { pskOf } from '../control/psk.ts';
import { ResumableServer } from '../control/resumable/resumable-server.ts';
import type { Session } from '../control/session.ts';
import { secure } from '../network/punch/secure.ts';
import { Claim, PATIENT_HEARTBEAT } from '../protocol/stdio.ts';

/** Waits for the one function that this phantom launches. */
export interface SessionServer {
  readonly port: number;
  /** Leads to it from the seed's relay, for functions that cannot come to the port; hex. */
  readonly token: string;
  /** For the event: what the function shows to be let in. */
  readonly identity: string;
  /** hex */
  readonly key: string;
  /** The session of the function that has the launch; others are refused. */
  readonly session: Promise<Session>;
  /** A connection that came in by a relay, and may break with it; owns it. */
  take(socket: Socket): void;
  close(): void;
}

/** The same event may have been delivered more than once: so many functions are heard until one has the launch. */
const MAX_CONTENDERS = 8;
/** ms; a connection that breaks meanwhile is taken up again. */
const HANDSHAKE_TIMEOUT = 10_000;

/**
 * Opens the phantom's side of docs/control-network.md, "Between a function and its phantom", on a port of its own. `onClaim` is called with the
 * session before anything more is read from it: what comes with the claim, in the same packet, has to find its handlers.
 */
export async function startSessionServer(
  signal: AbortSignal,
  onClaim: (session: Session) => void = () => undefined,
): Promise<SessionServer> {
  const identity = `session/${randomBytes(16).toString('hex')}`;
  const key = pskOf(randomBytes(32), identity);
  const { promise, resolve } = Promise.withResolvers<Session>();
  let taken = false;
  const contenders = new Set<Session>();
  /** The seed has given it the launch, and to nobody else. */
  const claim = (winner: Session) => {
    if (taken) return void winner.close('another function has the launch');
    taken = true;
    for (const other of contenders) if (other !== winner) void other.close('another function has the launch');
    onClaim(winner);
    resolve(winner);
  };
  const contend = (session: Session) => {
    if (taken || contenders.size >= MAX_CONTENDERS) return void session.close();
    contenders.add(session);
    void session.closed.then(() => contenders.delete(session));
    session.onNotification(Claim, () => claim(session));
  };
  const listener = await listenControl({
    host: '0.0.0.0',
    port: 0,
    signal,
    heartbeat: PATIENT_HEARTBEAT,
    pskFor: (shown) => (shown === identity && !taken ? key : null),
    onSession: contend,
  });
  const resumable = new ResumableServer({
    max: MAX_CONTENDERS,
    onStream: (stream) => {
      const options = { heartbeat: PATIENT_HEARTBEAT };
      const limit = AbortSignal.any([signal, AbortSignal.timeout(HANDSHAKE_TIMEOUT)]);
      secure(stream, 'called', { identity, key }, limit, contend, options).catch(() => stream.destroy());
    },
  });
  return {
    port: listener.port,
    token: randomBytes(16).toString('hex'),
    identity,
    key: key.toString('hex'),
    session: promise,
    take: (socket) => void resumable.take(socket),
    close() {
      void listener.close();
      resumable.close();
    },
  };
}
