import { backoff } from '../control/backoff.ts';
import { codeOf } from '../control/control-error.ts';
import { dialControl } from '../control/dial.ts';
import type { Session } from '../control/session.ts';
import { type Logger, SILENT_LOGGER } from '../log/logger.ts';
import { type Relay, type RelayOptions, relayOptionsOf, startRelay } from '../network/relay/relay.ts';
import { Hello } from '../protocol/greeting.ts';
import { RelayJoin } from '../protocol/relay.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { messageOf } from '../published/message-of.ts';
import type { RelaySettings } from '../published/node-config.ts';
import type { PumpAddon } from '../service/pump-addon.ts';
import { serveSeed } from './serve-seed.ts';

export interface RunRelayOptions {
  /** Returns the seed's address, and credentials that prove that this relay belongs to the project. */
  readonly contact: () => { seed: { host: string; port: number }; identity: string; key: Buffer };
  readonly addon: PumpAddon;
  readonly settings?: RelaySettings | undefined;
  readonly relay?: Partial<RelayOptions> | undefined;
  /** How long flows may take to end by themselves after `signal` has aborted, ms. */
  readonly drain: number;
  /** Aborting ends the relay. */
  readonly signal: AbortSignal;
  readonly log?: Logger | undefined;
}

/**
 * Carries flows for a seed until `signal` aborts and the flows have ended. While the seed is away, the flows
 * go on and the relay tries to join again. Rejects with BoxerError RELAY_REFUSED when the seed refuses the
 * relay, or with the system's error when the port is taken.
 */
export async function runRelay(options: RunRelayOptions): Promise<void> {
  const { addon, signal, drain, log = SILENT_LOGGER } = options;
  const relay = await startRelay({
    addon,
    log: log.warn,
    ...relayOptionsOf(options.settings),
    ...options.relay,
  });
  log.info(`relay listens on port ${relay.port}`);
  try {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const session = await join(options, relay);
      if (session) {
        attempt = 0;
        log.info('the seed has this relay');
        const end = () => void session.close('the relay is about to end');
        signal.addEventListener('abort', end, { once: true });
        if (signal.aborted) end();
        const reason = await session.closed;
        signal.removeEventListener('abort', end);
        if (!signal.aborted) log.warn(`the seed has gone: ${reason}`);
      }
      await backoff(attempt, signal).catch(() => undefined);
    }
    await relay.drain(drain);
  } finally {
    relay.close();
  }
}

/**
 * Joins the seed. Resolves to undefined if the seed cannot be reached at the moment. Rejects with BoxerError
 * RELAY_REFUSED.
 */
async function join(options: RunRelayOptions, relay: Relay): Promise<Session | undefined> {
  const { signal } = options;
  const { seed, identity, key } = options.contact();
  let session: Session | undefined;
  try {
    session = await dialControl({ ...seed, identity, key, signal });
    serveSeed(session, relay);
    await Promise.all([
      session.request(Hello, { version: 1, capabilities: ['relay'] }, { signal }),
      session.request(RelayJoin, { port: relay.port, advertise: options.relay?.advertise }, { signal }),
    ]);
    return session;
  } catch (error) {
    void session?.close('could not join');
    if (signal.aborted) return undefined;
    const code = codeOf(error);
    if (code !== 'EACCES' && code !== 'EPROTONOSUPPORT') return undefined;
    throw new BoxerError('RELAY_REFUSED', `the seed refuses this relay: ${messageOf(error)}`, {
      hint: 'the project may have a new key: docker boxer down, then up',
      cause: error,
    });
  }
}
