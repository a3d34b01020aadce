import { Counter, Gauge, type Registry } from 'prom-client';
import type { SeedStatus, TransportCounts } from './seed-observer.ts';

/** A source of current values. */
export interface Watched {
  status(): SeedStatus;
  transports(): Promise<TransportCounts>;
}

/** Registers the metrics that show the load of `seed`, which is read when Prometheus scrapes. */
export function watchLoad(registry: Registry, seed: Watched): void {
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
