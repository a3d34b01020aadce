import { backoff } from '../control/backoff.ts';
import type { Endpoint } from '../control/endpoint.ts';
import { MessageType } from '../control/message-type.ts';
import { newNonce } from '../control/psk.ts';
import type { NatKind } from '../network/punch/offer.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { type Link, type LinkOptions, openLink, Refused } from './link.ts';
import { Membership } from './membership.ts';
import type {
  Counterpart,
  Duty,
  Forwarded,
  ForwardRequest,
  Launch,
  Member,
  Offer,
  PunchIntroduction,
  Way,
} from './messages.ts';
import { parseAddresses, parseConnected, parseForwarded, parseLaunch, parseNames } from './parse-messages.ts';
import { parseCounterpart, parsePunched } from './parse-punch.ts';
import { Uplink } from './uplink.ts';

export type {
  Counterpart,
  Duty,
  Forwarded,
  ForwardRequest,
  Introduction,
  JoinRequest,
  Launch,
  Member,
  PunchIntroduction,
  RelayPlace,
} from './messages.ts';

export interface JoinOptions extends LinkOptions {
  readonly identity: string;
  /** The key of `identity`, see `pskOf`. */
  readonly key: Buffer;
  /** Ends the membership. */
  readonly signal: AbortSignal;
  /** ms to go on dialling a seed that is not there yet */
  readonly retryFor: number;
}

/**
 * This node's place in the overlay. Requests reject with ControlError; while the seed is away they wait for it for some
 * seconds (ETIMEDOUT). `nodeId`, `address`, `observed`, `local` and `seed` are those of the present connection.
 */
export interface Overlay {
  readonly nodeId: number;
  readonly address: string;
  /** CIDR */
  readonly overlay: string;
  readonly observed: Endpoint;
  readonly local: Endpoint;
  /** The seed as this node reaches it. */
  readonly seed: Endpoint;
  /** By node id, this node among them; kept while the seed is away. */
  members(): ReadonlyMap<number, Member>;
  /** Names of hosts outside the overlay that `resolve` knows. */
  gateways(): readonly string[];
  /** `listener` runs after each change of members or gateways; returns what ends that. */
  onChange(listener: () => void): () => void;
  /** The full set of TCP ports that the guest listens on. A seed that is away is told when it is back. */
  setListening(ports: readonly number[]): Promise<void>;
  /** Ports of the seed where this node learns how it is seen. */
  readonly observers: readonly number[];
  /** What is between this node and others; told to every seed that comes. */
  tellNat(nat: NatKind): Promise<void>;
  /** Asks the node at overlay address `to` to make a connection together. Errors as `Meetings.meet`. */
  meet(to: string, offer: Offer, signal: AbortSignal): Promise<Counterpart>;
  /** An introduction whose own way is broken; resolves to the port where the other node listens, 0 where it does not. */
  punch(introduction: PunchIntroduction): Promise<number>;
  /** Overlay addresses of a host outside the overlay; ENOENT for an unknown name. */
  resolve(name: string): Promise<string[]>;
  /** Names of an overlay address; ENOENT where there is none. */
  reverse(address: string): Promise<string[]>;
  /** Where to connect to instead, once the far end has taken the connection, from port `from` in its eyes; the errno is for the guest's connect(). */
  connect(
    address: string,
    port: number,
    options?: { signal?: AbortSignal | undefined; from?: number | undefined },
  ): Promise<Endpoint>;
  /**
   * Phantoms: credentials for the function, good once; earlier ones that were not used yet are no longer good. `way`: told to every seed
   * that comes, where functions may be outside; who takes it is brought to `introduce`.
   */
  launch(way?: Way): Promise<Launch>;
  /** Phantoms: see `Duty`; resolves when others are about to be told. What a later join says counts too. */
  setDuty(duty: Duty): Promise<void>;
  /** Phantoms: has the function dial in for a connection that the phantom holds. */
  forward(request: ForwardRequest): Promise<Forwarded>;
  /** Tells the seed and ends. Never rejects. */
  leave(): Promise<void>;
  /** Why it ended; resolves after `leave()`, an abort, or a seed that no longer knows this node. */
  readonly closed: Promise<string>;
}

/** The seed bounds its own steps: to reach the far end takes it 10 s at most. */
const CONNECT_TIMEOUT = 15_000;
const MEET_TIMEOUT = 3000;
const LEAVE_TIMEOUT = 1000;

/**
 * Joins through the seed. Rejects with BoxerError JOIN_REFUSED when the seed refuses, LAUNCH_USED when another function has this launch, SEED_UNREACHABLE when it is not there for
 * `retryFor` ms, or with the signal's reason.
 */
export async function joinOverlay(options: JoinOptions): Promise<Overlay> {
  const membership = new Membership();
  const link = await firstLink({ claim: newNonce(), ...options }, membership);
  const uplink = new Uplink(options, membership, link);
  const abort = () => void uplink.close('aborted');
  options.signal.addEventListener('abort', abort);
  void uplink.closed.then(() => options.signal.removeEventListener('abort', abort));
  if (options.signal.aborted) abort();
  return overlayOf(uplink, membership);
}

async function firstLink(options: JoinOptions, membership: Membership): Promise<Link> {
  const { seed, signal, retryFor } = options;
  const until = Date.now() + retryFor;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await openLink(options, options, membership, signal);
    } catch (error) {
      signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof Refused && error.errno === 'EALREADY')
        throw new BoxerError('LAUNCH_USED', `not started a second time: ${message}`, { cause: error });
      if (error instanceof Refused)
        throw new BoxerError(
          'JOIN_REFUSED',
          `the seed at ${seed.host}:${seed.port} refuses this node: ${message}`,
          {
            hint: 'the project may have a new key: docker boxer down, then up',
            cause: error,
          },
        );
      if (Date.now() >= until)
        throw new BoxerError(
          'SEED_UNREACHABLE',
          `no seed at ${seed.host}:${seed.port} in ${retryFor} ms: ${message}`,
          {
            hint: 'is the seed of this project running? docker compose ps --all shows it',
            cause: error,
          },
        );
    }
    await backoff(attempt, signal);
  }
}

function overlayOf(uplink: Uplink, membership: Membership): Overlay {
  return {
    get nodeId() {
      return uplink.link.joined.nodeId;
    },
    get address() {
      return uplink.link.joined.address;
    },
    get overlay() {
      return uplink.link.hello.overlay;
    },
    get observed() {
      return uplink.link.joined.observed;
    },
    get local() {
      return uplink.link.local;
    },
    get seed() {
      return uplink.link.session.remote;
    },
    get observers() {
      return uplink.link.hello.observers;
    },
    meet: async (to, offer, signal) =>
      parseCounterpart(
        await uplink.request(MessageType.meet, { to, offer }, { signal, timeout: MEET_TIMEOUT }),
      ),
    punch: async (introduction) =>
      parsePunched(await uplink.request(MessageType.punch, introduction, { timeout: MEET_TIMEOUT })),
    members: () => membership.members,
    gateways: () => membership.gateways,
    onChange: (listener) => membership.onChange(listener),
    setListening: (ports) => uplink.tell(MessageType.listening, { ports: [...ports] }),
    tellNat: (nat) => uplink.tell(MessageType.facts, { nat }),
    resolve: async (name) => parseAddresses(await uplink.request(MessageType.resolve, { name })),
    reverse: async (address) => parseNames(await uplink.request(MessageType.reverse, { address })),
    connect: async (address, port, { signal, from } = {}) =>
      parseConnected(
        await uplink.request(
          MessageType.connect,
          { address, port, from },
          { signal, timeout: CONNECT_TIMEOUT },
        ),
      ),
    launch: async (way) => {
      const launch = parseLaunch(await uplink.request(MessageType.launch, {}));
      if (way && launch.outside) await uplink.tell(MessageType.way, { port: way.port, token: way.token });
      return launch;
    },
    setDuty: async (duty) => void (await uplink.request(MessageType.duty, { duty })),
    forward: async (request) =>
      parseForwarded(await uplink.request(MessageType.forward, request, { timeout: CONNECT_TIMEOUT })),
    leave: async () => {
      const { session } = uplink.link;
      await session.request(MessageType.leave, {}, { timeout: LEAVE_TIMEOUT }).catch(() => undefined);
      await uplink.close('left');
    },
    closed: uplink.closed,
  };
}
