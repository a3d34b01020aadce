import { MessageType } from '../control/message-type.ts';
import type { Session } from '../control/session.ts';
import { exitCodeOf } from '../guest/exit-status.ts';
import { forwardSignals } from '../guest/forward-signals.ts';
import type { PumpAddon } from '../network/relay/pump.ts';
import { startRelay } from '../network/relay/relay.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { NodeConfig } from '../published/node-config.ts';
import type { Twin } from './lambda-client.ts';
import { startLaunch } from './launch.ts';
import type { Outcome } from './outcome.ts';
import { mirrorPorts } from './ports.ts';

interface PhantomOptions {
  readonly config: NodeConfig;
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly addon: PumpAddon;
  readonly say: (line: string) => void;
}

/** Signals that end a phantom which has no guest yet, as they would end a process. */
const ENDING: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP']);

/** Launches the twin and stands in for it until its guest has ended. Resolves with what the container shall exit with. */
export async function runPhantom(options: PhantomOptions): Promise<Outcome> {
  const { config } = options;
  const twin = config.twin;
  if (!twin) throw new BoxerError('CONFIG', `service ${config.service} has no twin in its configuration`);
  const end = new AbortController();
  const killed = Promise.withResolvers<Outcome>();
  let session: Session | undefined;
  const stopForwarding = forwardSignals((signal) => {
    if (session) session.notify(MessageType.signal, { signal });
    else if (ENDING.has(signal)) killed.resolve({ exitCode: exitCodeOf({ code: null, signal }) });
  });
  try {
    const launched = launchAndWait(options, twin, end.signal, (connected) => {
      session = connected;
    });
    launched.catch(() => undefined);
    return await Promise.race([launched, killed.promise]);
  } finally {
    stopForwarding();
    end.abort();
  }
}

async function launchAndWait(
  options: PhantomOptions,
  twin: Twin,
  signal: AbortSignal,
  onSession: (session: Session) => void,
): Promise<Outcome> {
  const { config, argv, key, addon, say } = options;
  const launch = await startLaunch({ config, twin, argv, key, signal });
  void launch.session.then(onSession);
  // One neighbour, such as a proxy, may be all there is.
  const limits = { flowsPerNode: Number.POSITIVE_INFINITY, bytesPerNode: Number.POSITIVE_INFINITY };
  const relay = await startRelay({ addon, signal, limits, log: say });
  const mirror = mirrorPorts({ relay, say, signal });
  mirror.follow({ overlay: launch.overlay, fetch: launch.fetchBy(relay) });
  return launch.outcome;
}
