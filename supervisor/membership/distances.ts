import { connect } from 'node:net';
import type { Endpoint } from '../control/endpoint.ts';
import type { Session } from '../control/session.ts';
import { type RelayAddress, RelayDistances, RelayList } from '../protocol/relay.ts';

/** Ways change seldom; ms. */
const REFRESH = 10 * 60_000;
/** A relay that takes longer to reach is not told of; ms. */
const TIMEOUT = 2000;
/** The shortest of these: the first one may have waited for anything. */
const ATTEMPTS = 3;

/** Measures the way to each relay that the seed tells of, at once and now and then, and tells the seed. Ends with the session. */
export function measureRelays(session: Session): void {
  let relays: readonly RelayAddress[] = [];
  let round = 0;
  let timer: NodeJS.Timeout | undefined;

  async function measure(): Promise<void> {
    round += 1;
    const mine = round;
    clearTimeout(timer);
    const distances = await Promise.all(relays.map(async ({ id, at }) => ({ id, ms: await roundTrip(at) })));
    // Another list has come meanwhile, and its measurement.
    if (mine !== round || session.ended) return;
    const known = distances.flatMap(({ id, ms }) => (ms === undefined ? [] : [{ id, ms }]));
    await session.request(RelayDistances, { distances: known }).catch(() => undefined);
    if (relays.length > 0 && !session.ended) timer = setTimeout(() => void measure(), REFRESH).unref();
  }

  session.onNotification(RelayList, (list) => {
    ({ relays } = list);
    void measure();
  });
  void session.closed.then(() => clearTimeout(timer));
}

/** ms that a TCP connection takes to open, which is one round trip; undefined where it does not. */
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
