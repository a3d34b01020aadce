import { hostname } from 'node:os';
import { containerIdentity } from '../container/own-names.ts';
import { seedContact } from '../container/seed-contact.ts';
import { MessageType } from '../control/message-type.ts';
import type { Session } from '../control/session.ts';
import { joinOverlay, type Overlay } from '../coordination/join.ts';
import { collectFiles, mountPoints } from '../files/travelling-files.ts';
import { type ExitStatus, exitCodeOf } from '../guest/exit-status.ts';
import { forwardSignals } from '../guest/forward-signals.ts';
import { ownEnvironment } from '../guest/guest-environment.ts';
import type { PumpAddon } from '../network/relay/pump.ts';
import { startRelay } from '../network/relay/relay.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { travellingEnvironment } from '../published/environment-filter.ts';
import type { NodeConfig } from '../published/node-config.ts';
import type { LaunchEvent } from './event.ts';
import { createIntroducer } from './introduce.ts';
import type { Outcome } from './outcome.ts';
import { mirrorPorts } from './ports.ts';
import { type SessionServer, startSessionServer } from './session-server.ts';
import { lendStdio } from './stdio.ts';

/** After the session broke, Lambda still has to notice and say why. */
const OUTCOME_TIMEOUT_MS = 10_000;

interface PhantomOptions {
  readonly config: NodeConfig;
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly addon: PumpAddon;
  readonly say: (line: string) => void;
}

async function eventOf(
  options: PhantomOptions,
  overlay: Overlay,
  server: SessionServer,
  hostname: string,
): Promise<LaunchEvent> {
  const { config, argv } = options;
  const launch = await overlay.launch();
  const mounts = await mountPoints(config.files ?? []);
  return {
    boxer: 1,
    seed: { ...overlay.seed, identity: launch.identity, key: launch.key },
    session: {
      addresses: [overlay.local.address],
      port: server.port,
      identity: server.identity,
      key: server.key,
    },
    service: config.service,
    hostname,
    argv: [...argv],
    environment: travellingEnvironment(ownEnvironment(), config.environment),
    workingDirectory: process.cwd(),
    remap: config.remap,
    mounts,
    files: await collectFiles(mounts),
    waitFor: config.waitFor,
  };
}

/** Signals reach the guest once there is one; one that comes before ends the phantom as it would end a process. */
function signalGuest(session: Promise<Session>, abort: (signal: string) => void): () => void {
  let connected: Session | undefined;
  void session.then((value) => {
    connected = value;
  });
  return forwardSignals((signal) => {
    if (connected) connected.notify(MessageType.signal, { signal });
    else if (signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGQUIT' || signal === 'SIGHUP')
      abort(signal);
  });
}

/** The guest's own exit status if it came; else what Lambda says about the function's end. */
async function outcomeOf(
  session: Promise<unknown>,
  exit: Promise<ExitStatus | undefined>,
  invocation: Promise<Outcome>,
): Promise<Outcome> {
  const first = await Promise.race([
    exit.then((status) => ({ status })),
    invocation.then((outcome) => ({ outcome })),
  ]);
  if ('outcome' in first && first.outcome.duplicate) {
    // The answer is that of an invocation too many: the guest is the other one's, if that comes.
    const status = await Promise.race([exit, after(OUTCOME_TIMEOUT_MS, session)]);
    return status ? { exitCode: exitCodeOf(status) } : first.outcome;
  }
  if ('outcome' in first) {
    // The exit message was sent before the response ended, but over another connection: let it arrive.
    const status = await Promise.race([
      exit,
      new Promise<undefined>((resolve) => setImmediate(resolve, undefined)),
    ]);
    return status ? { exitCode: exitCodeOf(status) } : first.outcome;
  }
  if (first.status) return { exitCode: exitCodeOf(first.status) };
  const late = new Promise<Outcome>((resolve) => {
    const lastLine = 'the function has gone, and Lambda does not say why';
    setTimeout(resolve, OUTCOME_TIMEOUT_MS, { exitCode: 137, lastLine }).unref();
  });
  return Promise.race([invocation, late]);
}

/** Resolves after `ms`, if `unless` has not by then. */
async function after(ms: number, unless: Promise<unknown>): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  void unless.then(() => clearTimeout(timer));
  return promise;
}

/** Launches the twin and stands in for it until its guest has ended. Resolves with what the container shall exit with. */
export async function runPhantom(options: PhantomOptions): Promise<Outcome> {
  const { config } = options;
  const twin = config.twin;
  if (!twin) throw new BoxerError('CONFIG', `service ${config.service} has no twin in its configuration`);
  const end = new AbortController();
  const { signal } = end;
  try {
    const server = await startSessionServer(signal);
    const killed = new Promise<Outcome>((resolve) => {
      const stop = (name: string) => resolve({ exitCode: exitCodeOf({ code: null, signal: name }) });
      signal.addEventListener('abort', signalGuest(server.session, stop));
    });
    const launched = launchAndWait(options, twin, server, signal);
    launched.catch(() => undefined);
    return await Promise.race([launched, killed]);
  } finally {
    end.abort();
  }
}

async function launchAndWait(
  options: PhantomOptions,
  twin: NonNullable<NodeConfig['twin']>,
  server: SessionServer,
  signal: AbortSignal,
): Promise<Outcome> {
  const { config, key, addon, say } = options;
  const joining = joinOverlay({
    ...seedContact(config.service, key),
    join: containerIdentity(config).then((self) => ({ role: 'phantom', ...self })),
    introduce: () => Promise.reject(new BoxerError('ECONNREFUSED', 'a phantom has no guest')),
    signal,
  });
  // The SDK takes longer to load than the seed to answer: both at once. It is also why it is loaded here and not above.
  const [overlay, { invokeTwin }] = await Promise.all([joining, import('./invoke.ts')]);
  // One neighbour, such as a proxy, may be all there is.
  const limits = { flowsPerNode: Number.POSITIVE_INFINITY, bytesPerNode: Number.POSITIVE_INFINITY };
  const relay = await startRelay({ addon, advertise: overlay.local.address, signal, limits, log: say });
  let session: Session | undefined;
  void server.session.then((connected) => {
    session = connected;
  });
  mirrorPorts({ overlay, relay, introduce: createIntroducer(overlay, () => session), say, signal });
  const event = await eventOf(options, overlay, server, hostname());
  const invocation = invokeTwin(twin, event, signal);
  const exit = server.session.then(lendStdio);
  try {
    return await outcomeOf(server.session, exit, invocation);
  } finally {
    invocation.catch(() => undefined);
    await overlay.leave().catch(() => undefined);
  }
}
