import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { Connect } from '../../protocol/flows.ts';
import { Join } from '../../protocol/join.ts';
import { MESSAGES } from '../../protocol/messages.ts';
import { Forward } from '../../protocol/phantom.ts';
import { Meet, Punch } from '../../protocol/punch.ts';
import type { SeedObserver, SeedStatus, TransportCounts } from './seed-observer.ts';

/** The seed's metrics for Prometheus. */
export interface SeedMeter {
  readonly observer: SeedObserver;
  readonly registry: Registry;
  /** Sets the source of current values, which is read when Prometheus scrapes. */
  watch(seed: Watched): void;
}

/** A source of current values. */
export interface Watched {
  status(): SeedStatus;
  transports(): Promise<TransportCounts>;
}

/** Requests that bring two nodes together. */
const INTRODUCTIONS: ReadonlyMap<number, string> = new Map([
  [Connect.number, 'connect'],
  [Forward.number, 'forward'],
  [Meet.number, 'meet'],
  [Punch.number, 'punch'],
]);
/** Bucket limits in seconds, from a hop on one machine to the time limit of a connect. */
const LATENCIES = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Message names as values of the label `type`, such as `relayJoin`. */
const typeNames: ReadonlyMap<number, string> = new Map(
  MESSAGES.map(({ number, name }) => [
    number,
    name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
  ]),
);

export function createSeedMeter(): SeedMeter {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <T extends string>(name: string, help: string, labelNames: T[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <T extends string>(name: string, help: string, labelNames: T[] = []) =>
    new Histogram({ name, help, labelNames, registers, buckets: LATENCIES });

  const handshakes = histogram('boxer_handshake_seconds', 'From a connection to the proof of its key');
  const handshakeFailures = counter(
    'boxer_handshake_failures_total',
    'Connections turned away before their peer was known',
    ['reason'],
  );
  const ended = counter('boxer_sessions_ended_total', 'Control connections that ended', ['reason']);
  const throttled = counter(
    'boxer_throttled_seconds_total',
    'Time in which a peer that sent too much was not read from',
  );
  const requests = counter('boxer_requests_total', 'Requests answered', ['type', 'result']);
  const introductions = counter('boxer_introductions_total', 'Requests to bring two nodes together', [
    'kind',
    'result',
  ]);
  const introductionTime = histogram('boxer_introduction_seconds', 'Time to bring two nodes together', [
    'kind',
  ]);
  const joins = counter('boxer_joins_total', 'Requests to join', ['result']);
  const deltas = counter('boxer_membership_changes_total', 'Changed nodes that were told to others');
  const fanOut = histogram('boxer_membership_fanout_seconds', 'Time to hand changes to all connections');
  const fanOutAge = histogram('boxer_membership_delay_seconds', 'From a change until all were told');

  return {
    registry,
    observer: {
      handshake: (ms) => handshakes.observe(ms / 1000),
      handshakeFailed: (reason) => handshakeFailures.inc({ reason }),
      ended: (reason) => ended.inc({ reason }),
      throttled: (ms) => throttled.inc(ms / 1000),
      served(number, ms, errno) {
        const result = errno ?? 'ok';
        // A peer may send any type; unknown ones must not create series.
        requests.inc({ type: typeNames.get(number) ?? 'unknown', result });
        if (number === Join.number) joins.inc({ result });
        const kind = INTRODUCTIONS.get(number);
        if (kind === undefined) return;
        introductions.inc({ kind, result });
        introductionTime.observe({ kind }, ms / 1000);
      },
      fannedOut(changes, _receivers, ms, age) {
        deltas.inc(changes);
        fanOut.observe(ms / 1000);
        fanOutAge.observe(age / 1000);
      },
    },
    watch: (seed) => watchSeed(registry, seed),
  };
}

function watchSeed(registry: Registry, seed: Watched): void {
  watchRelay([registry], seed);
  watchNodes([registry], seed);
}

function watchRelay(registers: Registry[], seed: Watched): void {
  const gauge = (name: string, help: string, read: (now: SeedStatus) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(seed.status()));
      },
    });
  gauge('boxer_relay_flows', 'Connections that the relay carries or opens', ({ relay }) => relay.flows);
  gauge(
    'boxer_relay_held_bytes',
    'Bytes that one end has sent and the other has not taken',
    ({ relay }) => relay.held,
  );
  new Counter({
    name: 'boxer_relay_bytes_total',
    help: 'Bytes carried by the relay, of connections that ended',
    registers,
    collect() {
      this.reset();
      this.inc(seed.status().relay.bytes);
    },
  });
  new Counter({
    name: 'boxer_relay_refusals_total',
    help: 'Connections that the relay did not take',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of seed.status().relay.refused) this.inc({ reason }, count);
    },
  });
}

function watchNodes(registers: Registry[], seed: Watched): void {
  new Gauge({
    name: 'boxer_nodes',
    help: 'Nodes of the overlay',
    labelNames: ['role', 'state', 'nat'],
    registers,
    collect() {
      this.reset();
      for (const { role, state, nat } of seed.status().nodes) this.inc({ role, state, nat });
    },
  });
  const perTransport = (name: string, help: string, what: 'pairs' | 'connections') =>
    new Gauge({
      name,
      help,
      labelNames: ['transport'],
      registers,
      async collect() {
        for (const [transport, counts] of await seed.transports()) this.set({ transport }, counts[what]);
      },
    });
  perTransport(
    'boxer_pairs',
    'Pairs of nodes that have connected to each other, by the way they took',
    'pairs',
  );
  perTransport(
    'boxer_connections',
    'Connections that the nodes made: punched and relayed ones so far, direct ones that are open',
    'connections',
  );
}
