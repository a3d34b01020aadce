import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { listenControl } from '../control/listen.ts';
import { pskOf } from '../control/psk.ts';
import { ResumableServer } from '../control/resumable/resumable-server.ts';
import type { Session } from '../control/session.ts';
import { secure } from '../network/punch/secure.ts';
import { PATIENT_HEARTBEAT } from '../protocol/stdio.ts';
import { Claim, MAX_CONTENDERS } from './claim.ts';

/** A server that waits for the function of a launch. */
export interface SessionServer {
  readonly port: number;
  /** Leads to this server from the seed's relay, for functions that cannot dial the port; hex. */
  readonly token: string;
  /** The identity with which the function authenticates. The event carries it. */
  readonly identity: string;
  /** hex */
  readonly key: string;
  /** The session of the function that has the launch. All others are refused. */
  readonly session: Promise<Session>;
  /** Takes a connection that came in through a relay, and may break with it. Owns the connection. */
  take(socket: Socket): void;
  close(): void;
}

/** How long a handshake may take, ms. */
const HANDSHAKE_TIMEOUT = 10_000;

/**
 * Opens a port for the session of the function with this phantom: see "Between a function and its phantom" in
 * docs/control-network.md. For `onClaim`, see `Claim`. Rejects with the system's error if no port can be
 * opened, and with the signal's reason.
 */
export async function startSessionServer(
  signal: AbortSignal,
  onClaim: (session: Session) => void = () => undefined,
): Promise<SessionServer> {
  const identity = `session/${randomBytes(16).toString('hex')}`;
  const key = pskOf(randomBytes(32), identity);
  const claim = new Claim(onClaim);
  const listener = await listenControl({
    host: '0.0.0.0',
    port: 0,
    signal,
    heartbeat: PATIENT_HEARTBEAT,
    pskFor: (shown) => (shown === identity && !claim.isTaken ? key : null),
    onSession: (session) => claim.hear(session),
  });
  const resumable = new ResumableServer({
    max: MAX_CONTENDERS,
    onStream: (stream) => {
      const options = { heartbeat: PATIENT_HEARTBEAT };
      const limit = AbortSignal.any([signal, AbortSignal.timeout(HANDSHAKE_TIMEOUT)]);
      const hear = (session: Session) => claim.hear(session);
      secure(stream, 'called', { identity, key }, limit, hear, options).catch(() => stream.destroy());
    },
  });
  return {
    port: listener.port,
    token: randomBytes(16).toString('hex'),
    identity,
    key: key.toString('hex'),
    session: claim.session,
    take: (socket) => void resumable.take(socket),
    close() {
      void listener.close();
      resumable.close();
    },
  };
}
