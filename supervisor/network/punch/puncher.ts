import { randomBytes } from 'node:crypto';
import { ControlError, codeOf } from '../../control/control-error.ts';
import type { Counterpart, Member, Overlay, PunchIntroduction } from '../../membership/join.ts';
import type { Offer } from '../../protocol/offer.ts';
import { Deserted } from '../../protocol/punch.ts';
import type { ServiceAnswer } from '../../service/server.ts';
import type { ServiceRequest } from '../../service/wire.ts';
import { type Choice, choose, orderOf, type Plan, relay } from '../choose.ts';
import type { FlowNameTable } from '../flow-names.ts';
import type { ListenerView } from '../listeners.ts';
import type { Pairs } from '../pairs.ts';
import type { UnreadAddon } from '../unread.ts';
import { AheadAcceptor } from './accept-ahead.ts';
import { type Introduced, PunchAcceptor } from './accept-punch.ts';
import { type AheadEnd, AheadPools } from './ahead.ts';
import { initiate, initiateNearby } from './initiate.ts';
import { type Deliver, ListenerQueues } from './listener-queues.ts';
import { OwnPorts } from './own-ports.ts';
import type { Peer } from './peer.ts';
import { PeerService } from './peer-service.ts';
import { Peers } from './peers.ts';

export interface PuncherOptions {
  readonly addon: UnreadAddon;
  readonly overlay: Overlay;
  readonly listeners: ListenerView;
  readonly flows: FlowNameTable;
  readonly pairs: Pairs;
  readonly deliver: Deliver;
}

/**
 * Errors of the acceptor that are meant for the guest. Any other failure concerns the path between the nodes.
 */
const FOR_THE_GUEST: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EAGAIN']);
/** Maximum number of connections to one node that are being introduced at the same time. */
const MAX_INTRODUCING = 512;
/**
 * How long connect() is repeated while packets are reset, ms; then the relay is used. The repetition ends as
 * soon as the two ends have met. A nonblocking guest waits no longer than that either.
 */
const RESET_PATIENCE = 1000;

/** A guest's connection to a node of the overlay. */
interface GuestConnect {
  readonly request: ServiceRequest;
  readonly member: Member;
  readonly choice: Choice;
}

/** Makes connections that both nodes have to open. */
export class Puncher {
  readonly #overlay: Overlay;
  readonly #flows: FlowNameTable;
  readonly #pairs: Pairs;
  readonly #ports: OwnPorts;
  readonly #ahead: AheadPools;
  readonly #acceptor: PunchAcceptor;
  readonly #aheadAcceptor: AheadAcceptor;
  readonly #peers: Peers;

  constructor({ addon, overlay, listeners, flows, pairs, deliver }: PuncherOptions) {
    this.#overlay = overlay;
    this.#flows = flows;
    this.#pairs = pairs;
    const ports = new OwnPorts(overlay, listeners);
    const queues = new ListenerQueues(() => overlay.address, deliver);
    const ahead = new AheadPools(overlay, ports);
    const acceptor = new PunchAcceptor({ addon, listeners, ports, queues });
    const aheadAcceptor = new AheadAcceptor({ addon, listeners, ports, queues });
    const service = new PeerService({ ports, acceptor, aheadAcceptor, ahead });
    this.#ports = ports;
    this.#ahead = ahead;
    this.#acceptor = acceptor;
    this.#aheadAcceptor = aheadAcceptor;
    this.#peers = new Peers(overlay, ports, service);
  }

  /**
   * Resolves to the endpoint to which the guest's socket has to connect and the port to bind, or to the
   * choice of the relay, before any packet of this connection has left. Rejects with the errno for the
   * guest's connect().
   */
  async connect(request: ServiceRequest, member: Member): Promise<ServiceAnswer | Choice> {
    const self = this.#self();
    const own = { nat: await this.#ports.nat, filtering: self?.filtering ?? 'unknown' } as const;
    // A node whose NAT the seed does not know yet tells this node about it when the two meet.
    const theirs = member.nat === 'unknown' ? ({ ...member, nat: 'preserving' } as const) : member;
    const choice = choose(own, theirs);
    if (choice.transport !== 'punch') return choice;
    const connect = { request, member, choice };
    return (await this.#punchBeforeMeeting(connect)) ?? this.#punchAfterMeeting(connect);
  }

  /** Another node asks, through the seed, to meet this node. Resolves to this node's offer. */
  meet(counterpart: Counterpart): Promise<Offer> {
    return this.#peers.called(counterpart);
  }

  /** Another node introduces its guest's connection through the seed. */
  punch(introduction: PunchIntroduction): Promise<Introduced> {
    return this.#acceptor.introduce(introduction);
  }

  /** Tells all peers that no guest of this node listens on `port` any more. */
  vanished(port: number): void {
    for (const { session } of this.#peers.all()) session.notify(Deserted, { port });
  }

  close(): void {
    this.#peers.close();
    this.#acceptor.close();
    this.#aheadAcceptor.close();
    this.#ports.close();
  }

  #self(): Member | undefined {
    return this.#overlay.members().get(this.#overlay.nodeId);
  }

  /**
   * Punches to a node that this node has not met: the connection is introduced together with the nodes, and
   * the guest connects as soon as their meeting has shown that the path works. Resolves to undefined if the
   * two nodes have to meet first.
   */
  async #punchBeforeMeeting(connect: GuestConnect): Promise<ServiceAnswer | undefined> {
    const { request, member } = connect;
    const { address } = member;
    const { port } = request.peer;
    const isListening = member.ports.includes(port);
    if (!isListening || !this.#peers.isStranger(address)) return undefined;
    const isHairpin = this.#overlay.observed.address === member.underlay;
    const plan = this.#plan(member, { rtt: undefined, isListening, isHairpin });
    if (!plan || plan.mayBeReset) return undefined;
    const from = await this.#ports.take(boundPort(request));
    if (!from || !this.#peers.isStranger(address)) return undefined;
    const connection = { id: randomBytes(12).toString('hex'), port, from };
    const reachable = Promise.withResolvers<Offer | undefined>();
    const meeting = this.#peers.meet(address, { connection, onReachable: reachable.resolve });
    meeting.then(
      (peer) => {
        reachable.resolve(undefined);
        if (this.#mayUseAhead(peer, connect)) this.#ahead.prepare(peer, port);
      },
      () => reachable.resolve(undefined),
    );
    const theirs = await reachable.promise;
    if (!theirs?.opened) return undefined;
    const target = { peerAddress: theirs.publicAddress, rtt: undefined };
    return this.#answer(target, connect, { from, inboundPort: theirs.opened });
  }

  async #punchAfterMeeting(connect: GuestConnect): Promise<ServiceAnswer | Choice> {
    const { address } = connect.member;
    const peer = await this.#peers.meet(address).catch((error: unknown) => {
      return relay(this.#peers.failure(address) ?? (error instanceof Error ? error.message : 'no meeting'));
    });
    if (!('session' in peer)) return peer;
    if (peer.introducing >= MAX_INTRODUCING)
      throw new ControlError('EAGAIN', `${peer.introducing} connection attempts are in progress already`);
    peer.introducing += 1;
    try {
      this.#peers.touch(peer);
      return await (peer.path === 'public'
        ? this.#punchTo(peer, connect)
        : this.#connectNearby(peer, connect));
    } catch (error) {
      if (FOR_THE_GUEST.has(codeOf(error))) throw error;
      return relay(`the introduction failed: ${error instanceof Error ? error.message : 'unknown'}`);
    } finally {
      peer.introducing -= 1;
    }
  }

  /** Connects to a node on the same network, without a NAT in between. */
  async #connectNearby(peer: Peer, { request, member }: GuestConnect): Promise<ServiceAnswer> {
    const target = await initiateNearby(this.#overlay, peer, request.peer);
    this.#flows.rememberInitiated(target, request.peer);
    this.#pairs.count(member.address, 'punch', 'both are on one network', peer.rtt);
    return { peer: target };
  }

  async #punchTo(peer: Peer, connect: GuestConnect): Promise<ServiceAnswer | Choice> {
    const { request, member } = connect;
    const { port } = request.peer;
    const end = this.#mayUseAhead(peer, connect) ? this.#ahead.take(peer, port) : undefined;
    if (end) return this.#answer(peer, connect, end);
    const { rtt, isHairpin } = peer;
    const plan = this.#plan(member, { rtt, isListening: peer.isListening(member, port), isHairpin });
    if (!plan) return relay('both sides reset early packets, and are too near for theirs to cross');
    const from = await this.#ports.take(boundPort(request));
    const inboundPort = peer.nextInboundPort();
    if (!from || !inboundPort) return relay('no port is left whose public number is known');
    await initiate({
      overlay: this.#overlay,
      peer,
      order: plan.order,
      from,
      inboundPort,
      destination: request.peer,
      onLost: (error) => {
        if (!FOR_THE_GUEST.has(codeOf(error))) this.#peers.drop(peer, 'an introduction was not answered');
      },
    });
    if (plan.order === 'answered') peer.resettle(port);
    return this.#answer(peer, connect, { from, inboundPort }, plan.mayBeReset ? RESET_PATIENCE : 0);
  }

  #plan(
    member: Member,
    facts: { readonly rtt: number | undefined; readonly isListening: boolean; readonly isHairpin: boolean },
  ): Plan | undefined {
    const self = this.#self();
    const ownFiltering = self?.filtering ?? 'unknown';
    return orderOf({ ...facts, ownFiltering, isOpen: self?.nat === 'none', peerFiltering: member.filtering });
  }

  /**
   * Whether ends that were opened ahead can be used. They can wait only behind a NAT that drops early
   * packets, and the public ports are known in any number only if the NATs keep them.
   */
  #mayUseAhead(peer: Peer, { request, member }: GuestConnect): boolean {
    const self = this.#self();
    const isFit = self?.nat === 'preserving' && self.filtering === 'silent' && member.nat === 'preserving';
    const isBound = boundPort(request) !== undefined;
    return isFit && !peer.isHairpin && !isBound && peer.isListening(member, request.peer.port);
  }

  /**
   * Returns the answer for the guest's process monitor. `retry`: how long connect() is repeated while it is
   * reset, ms.
   */
  #answer(
    peer: Pick<Peer, 'peerAddress' | 'rtt'>,
    { request, member, choice }: GuestConnect,
    { from, inboundPort }: AheadEnd,
    retry = 0,
  ): ServiceAnswer {
    const target = { address: peer.peerAddress, port: inboundPort.public };
    this.#flows.rememberInitiated(target, request.peer, from.local);
    this.#pairs.count(member.address, 'punch', choice.why, peer.rtt);
    return { bind: true, local: { address: '0.0.0.0', port: from.local }, peer: target, retry };
  }
}

/**
 * Returns the port to which the guest has bound its socket; undefined if it has not. The guest keeps this
 * port.
 */
function boundPort({ local }: ServiceRequest): number | undefined {
  return local.port === 0 ? undefined : local.port;
}
