import { isOneOff } from '../container/own-names.ts';
import { forwardSignals } from '../guest/forward-signals.ts';
import type { PumpAddon } from '../network/relay/pump.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { NodeConfig } from '../published/node-config.ts';
import { openFront } from './front.ts';
import { keep } from './keep.ts';
import { type Launch, startLaunch } from './launch.ts';
import type { Outcome } from './outcome.ts';
import { lendInput } from './stdio.ts';
import { tellRunning } from './tell-running.ts';

interface PhantomOptions {
  readonly config: NodeConfig;
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly addon: PumpAddon;
  readonly say: (line: string) => void;
  readonly debug: (line: string) => void;
}

/** Launches the twin and stands in for it until its guest has ended. Resolves with what the container shall exit with. */
export async function runPhantom(options: PhantomOptions): Promise<Outcome> {
  const { config } = options;
  const twin = config.twin;
  if (!twin) throw new BoxerError('CONFIG', `service ${config.service} has no twin in its configuration`);
  const end = new AbortController();
  const stopping = new AbortController();
  const launches = new Set<Launch>();
  const stopSignals = new Set(['SIGTERM', 'SIGINT', config.renewal?.stopSignal]);
  // All that is told to the container is told to all of its guests; the last one may not be theirs to start after that.
  const stopForwarding = forwardSignals((signal) => {
    if (stopSignals.has(signal)) stopping.abort();
    for (const launch of launches) launch.deliver(signal);
  });
  const start = (duty: 'active' | 'standby') => {
    const launch = startLaunch({ ...options, twin, duty, signal: end.signal });
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
  { config, addon, say, debug }: PhantomOptions,
): Promise<Outcome> {
  const first = start('active');
  tellRunning(first, signal);
  const front = await openFront({ addon, say, signal });
  // `docker compose run` is for what somebody waits for.
  const renewal = (await isOneOff()) ? undefined : config.renewal;
  return keep(first, { start, front, input: lendInput(), renewal, stopping, say, debug, signal });
}
