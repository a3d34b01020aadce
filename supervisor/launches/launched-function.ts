import type { Session } from '../control/session.ts';
import { exitCodeOf } from '../guest/exit-status.ts';
import { containerIdentity } from '../identity/own-names.ts';
import { seedContact } from '../identity/seed-contact.ts';
import type { Logger } from '../log/logger.ts';
import { type Duty, joinOverlay, type Launched, type Overlay } from '../membership/join.ts';
import { dialIn } from '../network/relay/dial-in.ts';
import { Signal } from '../protocol/stdio.ts';
import type { NodeConfig } from '../published/node-config.ts';
import { createLaunchEvent } from './create-launch-event.ts';
import { fetchBySeed, fetchHere } from './fetch.ts';
import { type GuestLife, printGuestOutput } from './guest-output.ts';
import { Introducer } from './introducer.ts';
import { invokeTwin } from './invocation/invoke.ts';
import type { Twin } from './invocation/lambda-client.ts';
import type { Joined, Launch } from './launch.ts';
import type { Outcome } from './outcome.ts';
import { outcomeOf } from './outcome-of-launch.ts';
import { type SessionServer, startSessionServer } from './session-server.ts';
import { bringToSidecar } from './sidecar.ts';

export interface LaunchOptions {
  readonly config: NodeConfig;
  /** The twin of this launch. The container's image may be newer than the twin of the configuration. */
  readonly twin: () => Promise<Twin>;
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly log: Logger;
  /** The duty that the node announces when it joins. */
  readonly duty: Duty;
  /** Ends the launch, its function and its node. */
  readonly signal: AbortSignal;
}

/**
 * How long credentials of a launch are used, ms. They expire after 120 s; the rest is for the function's
 * start.
 */
const FRESH_MS = 20_000;

/** Signals that end a process which has no handler for them. */
const ENDING: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGKILL']);

interface Membership extends Joined {
  /** The credentials with which the function joins. They can be used once. */
  readonly credentials: Launched;
  /** When the seed made the credentials, as `performance.now()`. */
  readonly since: number;
}

/** A launch that joins the overlay for its function and invokes the twin. Both begin in the constructor. */
export class LaunchedFunction implements Launch {
  readonly joined: Promise<Joined>;
  readonly session: Promise<Session>;
  readonly started: Promise<void>;
  readonly gone: Promise<void>;
  readonly outcome: Promise<Outcome>;
  readonly #options: LaunchOptions;
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  readonly #server: Promise<SessionServer>;
  readonly #membership: Promise<Membership>;
  readonly #twin: Promise<Twin>;
  /** Resolves when the seed has given the launch to a function. */
  readonly #guest = Promise.withResolvers<GuestLife>();
  /** Resolves when a signal has ended the launch before its function had connected. */
  readonly #stopped = Promise.withResolvers<Outcome>();
  #connected: Session | undefined;
  #duty: Duty;
  #invokedAt = performance.now();
  #ignored: string | undefined;

  constructor(options: LaunchOptions) {
    this.#options = options;
    this.#duty = options.duty;
    this.#signal = AbortSignal.any([options.signal, this.#end.signal]);
    this.#server = startSessionServer(this.#signal, (session) =>
      this.#guest.resolve(printGuestOutput(session, options.log)),
    );
    this.session = this.#connect();
    // The question for the twin is under way while the node joins.
    this.#twin = options.twin();
    this.#membership = this.#join();
    this.joined = this.#membership;
    this.started = this.#guest.promise.then((guest) => guest.started);
    this.outcome = this.#run();
    for (const early of [this.#server, this.#twin, this.session, this.joined, this.outcome])
      early.catch(() => undefined);
    const settled = this.outcome.then(
      () => undefined,
      () => undefined,
    );
    this.gone = Promise.race([
      settled,
      this.#guest.promise.then((guest) => guest.exit).then(() => undefined),
    ]);
  }

  invokedAt(): number {
    return this.#invokedAt;
  }

  async setDuty(duty: Duty): Promise<void> {
    this.#duty = duty;
    const { overlay } = await this.joined;
    await overlay.setDuty(duty);
  }

  deliver(signal: string): void {
    if (signal !== this.#ignored) this.#send(signal);
  }

  stop(signal: string): void {
    this.#ignored = signal;
    this.#send(signal);
  }

  end(): void {
    this.#end.abort();
  }

  #send(signal: string): void {
    if (this.#connected) this.#connected.notify(Signal, { signal });
    else if (ENDING.has(signal)) this.#stopped.resolve({ exitCode: exitCodeOf({ code: null, signal }) });
  }

  async #connect(): Promise<Session> {
    const server = await this.#server;
    const session = await server.session;
    this.#connected = session;
    return session;
  }

  /** Gives the node that the function takes over its duty, its names and its credentials. */
  async #join(): Promise<Membership> {
    const server = await this.#server;
    const overlay = await this.#joinOverlay(server);
    try {
      const since = performance.now();
      const credentials = await overlay.launch(wayTo(server));
      const introducer = new Introducer(overlay, this.session);
      const fetchBy: Joined['fetchBy'] = (relay) =>
        credentials.outside ? fetchBySeed(overlay) : fetchHere(relay, overlay, introducer);
      return { overlay, credentials, since, fetchBy };
    } catch (error) {
      await overlay.leave();
      throw error;
    }
  }

  #joinOverlay(server: SessionServer): Promise<Overlay> {
    const { config, key } = this.#options;
    return joinOverlay({
      ...seedContact(config.service, key),
      join: this.#joinRequest(),
      // An introduction for the session's port comes from a function that cannot dial this holder. Any other
      // one is for a connection that the function has refused, and that a sidecar may accept.
      introduce: async (introduction, { signal }) => {
        if (introduction.port !== server.port) return bringToSidecar(introduction, signal);
        server.take(await dialIn(introduction, signal));
      },
      signal: this.#signal,
    });
  }

  /**
   * The request with which the node joins. After a lost seed the node joins again, with the duty of that
   * moment.
   */
  async #joinRequest() {
    const identity = await containerIdentity(this.#options.config);
    const duty = () => this.#duty;
    return {
      role: 'phantom' as const,
      ...identity,
      get duty() {
        return duty();
      },
    };
  }

  async #run(): Promise<Outcome> {
    try {
      return await Promise.race([this.#invoke(), this.#stopped.promise]);
    } finally {
      // The session is closed properly: if its connection only broke, the function would try to resume it,
      // which costs money.
      await Promise.all([this.#connected?.close('the launch has ended'), this.#leave()]);
    }
  }

  async #invoke(): Promise<Outcome> {
    const [server, { overlay, credentials, since }, twin] = await Promise.all([
      this.#server,
      this.#membership,
      this.#twin,
    ]);
    const say = this.#options.log.warn;
    const isFresh = performance.now() - since < FRESH_MS;
    // Credentials may have expired before a later attempt, or while a missing twin was made.
    const event = async (attempt: number) => {
      const fresh = attempt === 1 && isFresh ? credentials : await overlay.launch(wayTo(server));
      return createLaunchEvent(this.#options, overlay, server, fresh);
    };
    const onInvoke = () => {
      this.#invokedAt = performance.now();
    };
    const invocation = invokeTwin(twin, event, { signal: this.#signal, say, onInvoke });
    invocation.catch(() => undefined);
    const exit = this.#guest.promise.then((guest) => guest.exit);
    return outcomeOf(this.session, exit, invocation);
  }

  /** Leaves the overlay if the launch has joined it, and then stops the launch from joining. */
  async #leave(): Promise<void> {
    const joined = await Promise.race([
      this.joined.catch(() => undefined),
      new Promise<undefined>((resolve) => setImmediate(resolve, undefined)),
    ]);
    await joined?.overlay.leave();
    this.#end.abort();
  }
}

/** The fields of the session server that the seed may know. The key is not sent to the seed. */
function wayTo({ port, token }: SessionServer): Pick<SessionServer, 'port' | 'token'> {
  return { port, token };
}
