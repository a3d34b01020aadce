import { containerIdentity } from '../container/own-names.ts';
import { seedContact } from '../container/seed-contact.ts';
import { MessageType } from '../control/message-type.ts';
import type { Session } from '../control/session.ts';
import { type Duty, joinOverlay, type Overlay } from '../coordination/join.ts';
import { exitCodeOf } from '../guest/exit-status.ts';
import { dialIn } from '../network/relay/dial-in.ts';
import type { Relay } from '../network/relay/relay.ts';
import type { NodeConfig } from '../published/node-config.ts';
import { type Fetch, fetchBySeed, fetchHere } from './fetch.ts';
import { createIntroducer } from './introduce.ts';
import type { Twin } from './lambda-client.ts';
import { launchEventOf } from './launch-event.ts';
import type { Outcome } from './outcome.ts';
import { outcomeOf } from './outcome-of-launch.ts';
import { type SessionServer, startSessionServer } from './session-server.ts';
import { bringToSidecar } from './sidecar.ts';
import { type GuestLife, printGuest } from './stdio.ts';

export interface LaunchOptions {
  readonly config: NodeConfig;
  readonly twin: Twin;
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly say: (line: string) => void;
  /** What its node joins as. */
  readonly duty: Duty;
  /** Ends the launch, its function and its node. */
  readonly signal: AbortSignal;
}

/** A launch that has a node. */
export interface Joined {
  readonly overlay: Overlay;
  /** For what comes to the ports of this container. */
  readonly fetchBy: (relay: Relay) => Fetch;
}

/** One function from its invocation to its end: a node of its own, a session of its own. */
export interface Launch {
  readonly joined: Promise<Joined>;
  /** Resolves when the function has called. */
  readonly session: Promise<Session>;
  /** Resolves when the guest runs. */
  readonly started: Promise<void>;
  /** Resolves when the function is no more; `outcome` follows, where Lambda still has to say why. */
  readonly gone: Promise<void>;
  /** How it ended; the node has left then. Rejects as `joinOverlay`, and where the event cannot be made. */
  readonly outcome: Promise<Outcome>;
  /** When the function was invoked, as `performance.now()`. */
  invokedAt(): number;
  /** Rejects while the seed is away; it is told in any case when it is back. */
  setDuty(duty: Duty): Promise<void>;
  /** To the guest; where the function has not called yet, one that would end a process ends the launch. */
  deliver(signal: string): void;
  /** The same; that signal is not delivered again: to many programs the second one means to end at once. */
  stop(signal: string): void;
  /** Ends the function as a crash of ours would. */
  end(): void;
}

/** Signals that end a process which has no handler for them. */
const ENDING: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGKILL']);

interface Parts {
  readonly options: LaunchOptions;
  /** What the node says of itself whenever it joins. */
  readonly said: { duty: Duty };
  readonly server: Promise<SessionServer>;
  readonly signal: AbortSignal;
}

/** Joins the overlay for a function and invokes the twin. */
export function startLaunch(options: LaunchOptions): Launch {
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const said = { duty: options.duty };
  const claimed = Promise.withResolvers<GuestLife>();
  const server = startSessionServer(signal, (winner) => claimed.resolve(printGuest(winner)));
  const joined = join({ options, said, server, signal });
  const session = server.then((listening) => listening.session);
  const life = claimed.promise;
  const stopped = Promise.withResolvers<Outcome>();
  let invokedAt = performance.now();
  let connected: Session | undefined;
  void session.then(
    (value) => {
      connected = value;
    },
    () => undefined,
  );

  let toldToStop: string | undefined;
  const deliver = (name: string) => {
    if (connected) connected.notify(MessageType.signal, { signal: name });
    else if (ENDING.has(name)) stopped.resolve({ exitCode: exitCodeOf({ code: null, signal: name }) });
  };

  async function run(): Promise<Outcome> {
    const [listening, { overlay, credentials }] = await Promise.all([server, joined]);
    const { invokeTwin } = await import('./invoke.ts');
    // A later attempt may come when the credentials of the first have expired.
    const event = async (attempt: number) => {
      const own = attempt === 1 ? credentials : await overlay.launch(listening);
      return launchEventOf(options, overlay, listening, own);
    };
    const onInvoke = () => {
      invokedAt = performance.now();
    };
    const invocation = invokeTwin(options.twin, event, { signal, say: options.say, onInvoke });
    invocation.catch(() => undefined);
    const exit = life.then((guest) => guest.exit);
    return outcomeOf(session, exit, invocation);
  }

  const outcome = (async () => {
    try {
      return await Promise.race([run(), stopped.promise]);
    } finally {
      // Said, not only dropped: a function whose connection breaks would try to take it up again, and go on costing meanwhile.
      await Promise.all([connected?.close('the launch has ended'), leave(joined, end)]);
    }
  })();
  for (const early of [server, joined, session, outcome]) early.catch(() => undefined);
  const settled = outcome.then(
    () => undefined,
    () => undefined,
  );
  return {
    joined,
    session,
    started: life.then((guest) => guest.started),
    gone: Promise.race([settled, life.then((guest) => guest.exit).then(() => undefined)]),
    outcome,
    invokedAt: () => invokedAt,
    async setDuty(duty) {
      said.duty = duty;
      await (await joined).overlay.setDuty(duty);
    },
    deliver: (name) => void (name !== toldToStop && deliver(name)),
    stop(name) {
      toldToStop = name;
      deliver(name);
    },
    end: () => end.abort(),
  };
}

async function join({ options, said, server, signal }: Parts) {
  const { config, key } = options;
  // The SDK takes longer to load than the seed to answer: both at once. It is also why it is loaded here and not above.
  const loading = import('./invoke.ts');
  const self = containerIdentity(config).then((identity) => ({
    role: 'phantom' as const,
    ...identity,
    get duty() {
      return said.duty;
    },
  }));
  const { port, token, take, session } = await server;
  const overlay = await joinOverlay({
    ...seedContact(config.service, key),
    join: self,
    // Its function is introduced to a phantom where that cannot come here, and what the function has refused.
    introduce: async (introduction, { signal: cancel }) => {
      if (introduction.port !== port) return bringToSidecar(introduction, cancel);
      take(await dialIn(introduction, cancel));
    },
    signal,
  });
  try {
    const credentials = await overlay.launch({ port, token });
    await loading;
    let connected: Session | undefined;
    void session.then((value) => {
      connected = value;
    });
    const introduce = createIntroducer(overlay, () => connected);
    const fetchBy = (relay: Relay) =>
      credentials.outside ? fetchBySeed(overlay) : fetchHere(relay, overlay, introduce);
    return { overlay, credentials, fetchBy };
  } catch (error) {
    await overlay.leave();
    throw error;
  }
}

/** A launch that has not joined yet does not. */
async function leave(joined: Promise<Joined>, end: AbortController): Promise<void> {
  const present = await Promise.race([
    joined.catch(() => undefined),
    new Promise<undefined>((resolve) => setImmediate(resolve, undefined)),
  ]);
  await present?.overlay.leave();
  end.abort();
}
