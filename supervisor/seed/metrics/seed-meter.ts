import { collectDefaultMetrics, Registry } from 'prom-client';
import { observeEvents } from './event-metrics.ts';
import { type Watched, watchLoad } from './load-metrics.ts';
import type { SeedObserver } from './seed-observer.ts';

/** The seed's metrics for Prometheus. */
export class SeedMeter {
  readonly registry = new Registry();
  readonly observer: SeedObserver;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.observer = observeEvents(this.registry);
  }

  /** Sets the source of current values, which is read when Prometheus scrapes. */
  watch(seed: Watched): void {
    watchLoad(this.registry, seed);
  }
}
