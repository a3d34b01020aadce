import { ControlError, codeOf, describeFailure } from '../../control/control-error.ts';
import type { Session } from '../../control/session.ts';
import type { Counterpart, Overlay } from '../../membership/join.ts';
import { Ping } from '../../protocol/greeting.ts';
import type { FirstConnection, Offer, PortPair } from '../../protocol/offer.ts';
import { listenOnce } from './listen-once.ts';
import { answer, call, type PeerLink, shareNat } from './meeting.ts';
import type { OwnPorts } from './own-ports.ts';
import { Peer } from './peer.ts';
import type { PeerRecord, PeerService } from './peer-service.ts';

/** A guest's connection that is introduced together with its node. */
export interface EarlyIntroduction {
  readonly connection: FirstConnection;
  /**
   * Called when the path has proven to work. `opened` in the offer shows whether the other node has opened
   * its end.
   */
  readonly onReachable: (offer: Offer) => void;
}

/**
 * Time limit of a meeting: a number of ms or of round trips, whichever is longer. The limit is short, as a
 * path that does not work at once hardly ever does.
 */
const MIN_PATIENCE = 300;
const PATIENCE_ROUND_TRIPS = 4;
/** How long the called side waits, ms. It opens its end before the caller knows of it. */
const ANSWER_PATIENCE = 3000;
/**
 * The first and the longest pause between a failed meeting and the next one, ms. The pause doubles each time.
 */
const FIRST_RETRY = 30_000;
const LAST_RETRY = 600_000;
const MAX_PEERS = 256;
const IDLE_LIMIT = 60_000;
const MAX_REMEMBERED = 4096;

interface Failure {
  readonly until: number;
  readonly pause: number;
  readonly why: string;
}

/** The control connections between this node and others, each made when it is first needed. */
export class Peers {
  readonly #overlay: Overlay;
  readonly #ports: OwnPorts;
  readonly #service: PeerService;
  readonly #stop = new AbortController();
  /** By overlay address, in the order of use. */
  readonly #peers = new Map<string, Peer>();
  readonly #meetings = new Map<string, Promise<Peer>>();
  readonly #called = new Map<string, Promise<Peer>>();
  readonly #failures = new Map<string, Failure>();

  constructor(overlay: Overlay, ports: OwnPorts, service: PeerService) {
    this.#overlay = overlay;
    this.#ports = ports;
    this.#service = service;
    const unsubscribe = overlay.onChange(() => this.#dropLost());
    this.#stop.signal.addEventListener('abort', unsubscribe);
  }

  /** Returns the reason why the last meeting failed; undefined when another one may be tried. */
  failure(address: string): string | undefined {
    const failure = this.#failures.get(address);
    return failure && Date.now() < failure.until ? failure.why : undefined;
  }

  get(address: string): Peer | undefined {
    const peer = this.#peers.get(address);
    return peer && !peer.session.ended ? peer : undefined;
  }

  /** Whether `meet` would begin a meeting. */
  isStranger(address: string): boolean {
    const isMeeting = this.#meetings.has(address) || this.#called.has(address);
    return !isMeeting && this.get(address) === undefined && this.failure(address) === undefined;
  }

  all(): Iterable<Peer> {
    return this.#peers.values();
  }

  /** Marks a peer as used. */
  touch(peer: Peer): void {
    peer.touch();
    if (this.#peers.delete(peer.address)) this.#peers.set(peer.address, peer);
  }

  /**
   * Resolves to the peer at `address`: a known one, or a new one by a meeting. Concurrent callers share one
   * meeting, which introduces the connection of the first caller. Rejects with ControlError.
   */
  meet(address: string, early?: EarlyIntroduction): Promise<Peer> {
    const present = this.get(address);
    if (present) return Promise.resolve(present);
    const why = this.failure(address);
    if (why !== undefined) return Promise.reject(new ControlError('EHOSTUNREACH', why));
    const known = this.#meetings.get(address) ?? this.#called.get(address);
    if (known) return known;
    const meeting = this.#call(address, early)
      .catch((error: unknown) => {
        // An error because the seed is away says nothing about the path between the two nodes.
        if (codeOf(error) !== 'ENETDOWN' && this.get(address) === undefined) this.#remember(address, error);
        throw error;
      })
      .finally(() => this.#meetings.delete(address));
    this.#meetings.set(address, meeting);
    return meeting;
  }

  /** Another node asks to meet this node. Resolves to this node's offer when its end is being opened. */
  async called(counterpart: Counterpart): Promise<Offer> {
    const { address } = counterpart;
    const offered = Promise.withResolvers<Offer>();
    // The meeting is registered at once: this node may be asking for the same meeting, and the seed is about
    // to answer EALREADY.
    const met = this.#answer(counterpart, offered).finally(() => {
      if (this.#called.get(address) === met) this.#called.delete(address);
    });
    met.catch((error: unknown) => offered.reject(error));
    this.#called.set(address, met);
    return offered.promise;
  }

  /** Forgets a peer to which the path does not work, or no longer works. */
  drop(peer: Peer, why: string): void {
    void peer.session.close(why);
    if (this.#peers.get(peer.address) === peer) this.#peers.delete(peer.address);
    this.#remember(peer.address, new ControlError('ETIMEDOUT', why));
  }

  close(): void {
    this.#stop.abort(new Error('the node ends'));
    for (const peer of this.#peers.values()) {
      void peer.session.close('the node ends');
    }
    this.#peers.clear();
  }

  async #call(address: string, early: EarlyIntroduction | undefined): Promise<Peer> {
    const overlay = this.#overlay;
    const offer = await this.#ports.offer();
    const ownOffer = { ...offer, publicAddress: overlay.observed.address, first: early?.connection };
    const started = performance.now();
    let counterpart: Counterpart;
    try {
      counterpart = await overlay.meet(address, ownOffer, this.#stop.signal);
    } catch (error) {
      // EALREADY: the other node has asked for the same meeting first.
      const theirs = this.#called.get(address);
      if (codeOf(error) === 'EALREADY' && theirs) return theirs;
      const present = this.get(address);
      if (present) return present;
      throw error;
    }
    const asked = performance.now() - started;
    const patience = Math.max(MIN_PATIENCE, Math.ceil(PATIENCE_ROUND_TRIPS * asked));
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(patience)]);
    const onReachable = early && (() => early.onReachable(counterpart.offer));
    const link = await call({
      ownOffer,
      counterpart,
      onSession: this.#serving(counterpart),
      onReachable,
      signal,
    });
    return this.#adopt(address, link);
  }

  async #answer(counterpart: Counterpart, offered: PromiseWithResolvers<Offer>): Promise<Peer> {
    const offer = await this.#ports.offer();
    const ownOffer = { ...offer, publicAddress: this.#overlay.observed.address };
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ANSWER_PATIENCE)]);
    const listener = shareNat(ownOffer, counterpart.offer)
      ? await listenOnce(counterpart.offer.privateAddress, 4, signal)
      : undefined;
    const meeting = answer(
      { ownOffer, counterpart, onSession: this.#serving(counterpart), signal },
      listener,
    );
    meeting.catch(() => undefined); // The meeting may fail before anybody waits for it.
    const opened = await this.#openEarly(ownOffer, counterpart);
    offered.resolve({ ...ownOffer, privatePort: listener?.port ?? 0, opened });
    return this.#adopt(counterpart.address, await meeting);
  }

  /**
   * Opens the end for which the caller's guest waits. Does nothing if both nodes are behind one NAT, as it is
   * not known yet by which path guests will connect.
   */
  async #openEarly(ownOffer: Offer, counterpart: Counterpart): Promise<PortPair | undefined> {
    const { first, publicAddress } = counterpart.offer;
    if (!first || publicAddress === ownOffer.publicAddress) return undefined;
    return this.#service.openEnd(counterpart, first).catch(() => undefined);
  }

  #serving(counterpart: Counterpart): (session: Session) => void {
    const { address } = counterpart;
    const record: PeerRecord = {
      find: () => this.get(address),
      touch: () => {
        const peer = this.get(address);
        if (peer) this.touch(peer);
      },
    };
    return (session) => this.#service.serve(session, counterpart, record);
  }

  #adopt(address: string, link: PeerLink): Peer {
    const peer = new Peer(address, link, IDLE_LIMIT);
    void this.#peers.get(address)?.session.close('replaced by a newer connection');
    this.#peers.delete(address);
    this.#peers.set(address, peer);
    this.#failures.delete(address);
    void link.session.closed.then(() => {
      if (this.#peers.get(address) === peer) this.#peers.delete(address);
    });
    const oldest = this.#peers.values().next();
    if (this.#peers.size > MAX_PEERS && !oldest.done) void oldest.value.session.close('others are used more');
    void measure(peer);
    return peer;
  }

  #remember(address: string, error: unknown): void {
    const before = this.#failures.get(address);
    const pause = before ? Math.min(LAST_RETRY, 2 * before.pause) : FIRST_RETRY;
    this.#failures.delete(address);
    this.#failures.set(address, { pause, until: Date.now() + pause, why: reasonOf(error) });
    const oldest = this.#failures.keys().next();
    if (this.#failures.size > MAX_REMEMBERED && !oldest.done) this.#failures.delete(oldest.value);
  }

  /** Closes the connections to nodes that have left, or whose function has been replaced. */
  #dropLost(): void {
    if (this.#peers.size + this.#failures.size === 0) return;
    const members = new Map([...this.#overlay.members().values()].map((member) => [member.address, member]));
    for (const [address, peer] of this.#peers) {
      const member = members.get(address);
      if (!member || member.state === 'starting' || member.underlay !== peer.offer.publicAddress)
        void peer.session.close('the node is gone');
    }
    for (const address of this.#failures.keys())
      if ((members.get(address)?.state ?? 'starting') === 'starting') this.#failures.delete(address);
  }
}

async function measure(peer: Peer): Promise<void> {
  const started = performance.now();
  await peer.session.request(Ping, {}).catch(() => undefined);
  if (!peer.session.ended) peer.saw(performance.now() - started);
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return 'no connection between the two came about in time';
  return describeFailure(error).message;
}
