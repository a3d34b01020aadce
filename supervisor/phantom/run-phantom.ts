import { forwardSignals } from '../guest/forward-signals.ts';
import { isOneOff } from '../identity/own-names.ts';
import type { Launch } from '../launches/launch.ts';
import { LaunchedFunction } from '../launches/launched-function.ts';
import type { Outcome } from '../launches/outcome.ts';
import type { Logger } from '../log/logger.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { NodeConfig } from '../published/node-config.ts';
import type { PumpAddon } from '../service/pump-addon.ts';
import { openFront } from './front.ts';
import { keep } from './keep.ts';
import { lendInput } from './lend-input.ts';
import { tellRunning } from './tell-running.ts';
import { twinOf } from './twin-of.ts';

interface PhantomOptions {
  readonly config: NodeConfig;
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly addon: PumpAddon;
  readonly log: Logger;
}

/**
 * Launches the twin and stands in for it until its guest has ended. Resolves to the outcome with which the
 * container exits.
 */
export async function runPhantom(options: PhantomOptions): Promise<Outcome> {
  const { config } = options;
  if (!config.twin)
    throw new BoxerError('CONFIG', `service ${config.service} has no twin in its configuration`);
  const end = new AbortController();
  const stopping = new AbortController();
  const launches = new Set<Launch>();
  const stopSignals = new Set(['SIGTERM', 'SIGINT', config.renewal?.stopSignal]);
  // Every signal that the container gets is passed on to all of its guests. After a stop signal no further
  // successor is started.
  const stopForwarding = forwardSignals((signal) => {
    if (stopSignals.has(signal)) stopping.abort();
    for (const launch of launches) launch.deliver(signal);
  });
  const start = (duty: 'active' | 'standby') => {
    const launch = new LaunchedFunction({
      ...options,
      twin: () => twinOf(config, end.signal, options.log.info),
      duty,
      signal: end.signal,
    });
    launches.add(launch);
    const forget = () => void launches.delete(launch);
    launch.outcome.then(forget, forget);
    return launch;
  };
  try {
    return await keepFirst(start, stopping.signal, end.signal, options);
  } finally {
    stopForwarding();
    end.abort();
  }
}

async function keepFirst(
  start: (duty: 'active' | 'standby') => Launch,
  stopping: AbortSignal,
  signal: AbortSignal,
  { config, addon, log }: PhantomOptions,
): Promise<Outcome> {
  const first = start('active');
  tellRunning(first, signal);
  const front = await openFront({ addon, say: log.warn, signal });
  // `docker compose run` starts a job that somebody waits for: it must not be started a second time.
  const renewal = (await isOneOff()) ? undefined : config.renewal;
  return keep(first, { start, front, input: lendInput(), renewal, stopping, log, signal });
}
