import { containerIdentity } from '../container/own-names.ts';
import { seedContact } from '../container/seed-contact.ts';
import type { Session } from '../control/session.ts';
import { type Launch as Credentials, joinOverlay, type Overlay } from '../coordination/join.ts';
import { dialIn } from '../network/relay/dial-in.ts';
import type { Relay } from '../network/relay/relay.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { NodeConfig } from '../published/node-config.ts';
import { type Fetch, fetchBySeed, fetchHere } from './fetch.ts';
import { createIntroducer } from './introduce.ts';
import type { Twin } from './lambda-client.ts';
import { launchEventOf } from './launch-event.ts';
import type { Outcome } from './outcome.ts';
import { outcomeOf } from './outcome-of-launch.ts';
import { type SessionServer, startSessionServer } from './session-server.ts';
import { lendStdio } from './stdio.ts';

export interface LaunchOptions {
  readonly config: NodeConfig;
  readonly twin: Twin;
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly say: (line: string) => void;
  /** Ends the launch, its function and its node. */
  readonly signal: AbortSignal;
}

/** One function from its invocation to its end: a node of its own, a session of its own. */
export interface Launch {
  readonly overlay: Overlay;
  /** For what comes to the ports of this container. */
  readonly fetchBy: (relay: Relay) => Fetch;
  /** Resolves when the function has called. */
  readonly session: Promise<Session>;
  /** How it ended; the node has left then. */
  readonly outcome: Promise<Outcome>;
}

/** Joins the overlay for a function and invokes the twin. Rejects as `joinOverlay`; what Lambda refuses is the outcome's to say. */
export async function startLaunch(options: LaunchOptions): Promise<Launch> {
  const { config, key, signal } = options;
  const server = await startSessionServer(signal);
  const joining = joinOverlay({
    ...seedContact(config.service, key),
    join: containerIdentity(config).then((self) => ({ role: 'phantom', ...self })),
    // All that is ever introduced to a phantom is its function, where that cannot come here.
    introduce: async ({ port, ...place }, context) => {
      if (port !== server.port) throw new BoxerError('ECONNREFUSED', 'a phantom has no guest');
      server.take(await dialIn(place, context.signal));
    },
    signal,
  });
  // The SDK takes longer to load than the seed to answer: both at once. It is also why it is loaded here and not above.
  const [overlay, { invokeTwin }] = await Promise.all([joining, import('./invoke.ts')]);
  let session: Session | undefined;
  void server.session.then((connected) => {
    session = connected;
  });
  const introduce = createIntroducer(overlay, () => session);
  const credentials = await overlay.launch(server).catch(async (error: unknown) => {
    await overlay.leave();
    throw error;
  });
  const fetchBy = (relay: Relay) =>
    credentials.outside ? fetchBySeed(overlay) : fetchHere(relay, overlay, introduce);
  const outcome = runToEnd(options, overlay, invokeTwin, server, credentials);
  outcome.catch(() => undefined);
  return { overlay, fetchBy, session: server.session, outcome };
}

async function runToEnd(
  options: LaunchOptions,
  overlay: Overlay,
  invokeTwin: typeof import('./invoke.ts').invokeTwin,
  server: SessionServer,
  credentials: Credentials,
): Promise<Outcome> {
  try {
    // A later attempt may come when the credentials of the first have expired.
    const event = async (attempt: number) => {
      const own = attempt === 1 ? credentials : await overlay.launch(server);
      return launchEventOf(options, overlay, server, own);
    };
    const invocation = invokeTwin(options.twin, event, options);
    invocation.catch(() => undefined);
    return await outcomeOf(server.session, server.session.then(lendStdio), invocation);
  } finally {
    await overlay.leave().catch(() => undefined);
  }
}
