import { randomBytes } from 'node:crypto';
import { listenControl } from '../control/listen.ts';
import { pskOf } from '../control/psk.ts';
import type { Session } from '../control/session.ts';
import { PATIENT_HEARTBEAT } from './stdio-messages.ts';

/** Waits for the one function that this phantom launches. */
export interface SessionServer {
  readonly port: number;
  /** For the event: what the function shows to be let in. */
  readonly identity: string;
  /** hex */
  readonly key: string;
  /** The function's session; a second one is refused. */
  readonly session: Promise<Session>;
  close(): void;
}

/** Opens the phantom's side of docs/control-network.md, "Between a function and its phantom", on a port of its own. */
export async function startSessionServer(signal: AbortSignal): Promise<SessionServer> {
  const identity = `session/${randomBytes(16).toString('hex')}`;
  const key = pskOf(randomBytes(32), identity);
  const { promise, resolve } = Promise.withResolvers<Session>();
  let taken = false;
  const listener = await listenControl({
    host: '0.0.0.0',
    port: 0,
    signal,
    heartbeat: PATIENT_HEARTBEAT,
    pskFor: (shown) => (shown === identity && !taken ? key : null),
    onSession: (session) => {
      if (taken) return void session.close();
      taken = true;
      resolve(session);
    },
  });
  return {
    port: listener.port,
    identity,
    key: key.toString('hex'),
    session: promise,
    close: () => void listener.close(),
  };
}
