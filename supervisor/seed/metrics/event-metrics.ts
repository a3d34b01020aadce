import { Counter, Histogram, type Registry } from 'prom-client';
import { Connect } from '../../protocol/flows.ts';
import { Join } from '../../protocol/join.ts';
import { MESSAGES } from '../../protocol/messages.ts';
import { Forward } from '../../protocol/phantom.ts';
import { Meet, Punch } from '../../protocol/punch.ts';
import type { SeedObserver } from './seed-observer.ts';

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

/** Registers the metrics that count events at the seed. */
function registerEventMetrics(registry: Registry) {
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: T[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <T extends string>(name: string, help: string, labelNames: T[] = []) =>
    new Histogram({ name, help, labelNames, registers, buckets: LATENCIES });
  return {
    handshakes: histogram('boxer_handshake_seconds', 'From a connection to the proof of its key'),
    handshakeFailures: counter(
      'boxer_handshake_failures_total',
      'Connections turned away before their peer was known',
      ['reason'],
    ),
    ended: counter('boxer_sessions_ended_total', 'Control connections that ended', ['reason']),
    throttled: counter(
      'boxer_throttled_seconds_total',
      'Time in which a peer that sent too much was not read from',
    ),
    requests: counter('boxer_requests_total', 'Requests answered', ['type', 'result']),
    introductions: counter('boxer_introductions_total', 'Requests to bring two nodes together', [
      'kind',
      'result',
    ]),
    introductionTime: histogram('boxer_introduction_seconds', 'Time to bring two nodes together', ['kind']),
    joins: counter('boxer_joins_total', 'Requests to join', ['result']),
    deltas: counter('boxer_membership_changes_total', 'Changed nodes that were told to others'),
    fanOut: histogram('boxer_membership_fanout_seconds', 'Time to hand changes to all connections'),
    fanOutAge: histogram('boxer_membership_delay_seconds', 'From a change until all were told'),
  };
}

/** Registers the metrics that count events at the seed, and returns the observer that counts them. */
export function observeEvents(registry: Registry): SeedObserver {
  const metrics = registerEventMetrics(registry);
  return {
    handshake: (ms) => metrics.handshakes.observe(ms / 1000),
    handshakeFailed: (reason) => metrics.handshakeFailures.inc({ reason }),
    ended: (reason) => metrics.ended.inc({ reason }),
    throttled: (ms) => metrics.throttled.inc(ms / 1000),
    served(number, ms, errno) {
      const result = errno ?? 'ok';
      // A peer may send any type; unknown ones must not create series.
      metrics.requests.inc({ type: typeNames.get(number) ?? 'unknown', result });
      if (number === Join.number) metrics.joins.inc({ result });
      const kind = INTRODUCTIONS.get(number);
      if (kind === undefined) return;
      metrics.introductions.inc({ kind, result });
      metrics.introductionTime.observe({ kind }, ms / 1000);
    },
    fannedOut(changes, _receivers, ms, age) {
      metrics.deltas.inc(changes);
      metrics.fanOut.observe(ms / 1000);
      metrics.fanOutAge.observe(age / 1000);
    },
  };
}
