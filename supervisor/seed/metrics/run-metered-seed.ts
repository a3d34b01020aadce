import type { Logger } from '../../log/logger.ts';
import { type SeedOptions, startSeed } from '../seed.ts';
import { keepHeapSmall } from '../small-memory.ts';
import { loggingObserver } from './logging-observer.ts';
import { NO_SEED_OBSERVER } from './seed-observer.ts';

/**
 * Runs a seed until the signal aborts, with metrics if the configuration names a port. Rejects with the
 * errors of `startSeed`.
 */
export async function runMeteredSeed(options: SeedOptions, log: Logger): Promise<void> {
  const { config, host, signal } = options;
  const meter = config.metrics === undefined ? undefined : await openMeter();
  const observer = loggingObserver(log, meter?.observer ?? NO_SEED_OBSERVER);
  const seed = await startSeed({ ...options, observer });
  if (meter && config.metrics !== undefined) {
    meter.watch(seed);
    const { serveMetrics } = await import('./serve-metrics.ts');
    await serveMetrics({ registry: meter.registry, port: config.metrics, host, signal });
  }
  keepHeapSmall();
  await seed.closed;
}

/** Loads the metrics, which a seed without them does without. */
async function openMeter() {
  const { SeedMeter } = await import('./seed-meter.ts');
  return new SeedMeter();
}
