import { connect } from 'node:net';
import type { Endpoint } from '../control/endpoint.ts';
import type { Session } from '../control/session.ts';
import { type RelayAddress, RelayDistances, RelayList } from '../protocol/relay.ts';

/** Interval between measurements of the same relays, ms. Distances seldom change. */
const REFRESH = 10 * 60_000;
/** Time limit for opening a connection, ms. A relay that takes longer is not reported. */
const TIMEOUT = 2000;
/**
 * Number of connections that are timed per relay. The shortest time counts, as the first connection may be
 * delayed.
 */
const ATTEMPTS = 3;

/**
 * Measures the round trip to each relay that the seed names, at once and every ten minutes, and reports it to
 * the seed. Ends with the session.
 */
export function measureRelays(session: Session): void {
  const measurement = new RelayMeasurement(session);
  session.onNotification(RelayList, ({ relays }) => measurement.begin(relays));
  void session.closed.then(() => measurement.end());
}

class RelayMeasurement {
  readonly #session: Session;
  #relays: readonly RelayAddress[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Measures `relays` from now on, instead of the relays of earlier calls. */
  begin(relays: readonly RelayAddress[]): void {
    this.#relays = relays;
    void this.#measure();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  async #measure(): Promise<void> {
    const relays = this.#relays;
    clearTimeout(this.#timer);
    const measured = await Promise.all(relays.map(async ({ id, at }) => ({ id, ms: await roundTrip(at) })));
    // A newer list of relays has arrived meanwhile and is being measured.
    if (relays !== this.#relays || this.#session.ended) return;
    const distances = measured.flatMap(({ id, ms }) => (ms === undefined ? [] : [{ id, ms }]));
    await this.#session.request(RelayDistances, { distances }).catch(() => undefined);
    if (relays !== this.#relays || relays.length === 0 || this.#session.ended) return;
    this.#timer = setTimeout(() => void this.#measure(), REFRESH).unref();
  }
}

/**
 * Returns the time that a TCP connection to `at` takes to open, ms, which is one round trip; undefined if
 * none opens.
 */
async function roundTrip(at: Endpoint): Promise<number | undefined> {
  let shortest: number | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const ms = await timeToOpen(at);
    if (ms === undefined) return shortest;
    shortest = Math.min(shortest ?? ms, ms);
  }
  return shortest;
}

function timeToOpen({ address, port }: Endpoint): Promise<number | undefined> {
  const started = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: TIMEOUT });
    socket.once('connect', () => {
      resolve(performance.now() - started);
      socket.resetAndDestroy();
    });
    socket.once('timeout', () => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(undefined));
  });
}
