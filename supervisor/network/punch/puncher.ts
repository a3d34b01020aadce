import { randomBytes } from 'node:crypto';
import { ControlError, codeOf } from '../../control/control-error.ts';
import type { Session } from '../../control/session.ts';
import type { Counterpart, Member, Overlay, PunchIntroduction } from '../../membership/join.ts';
import type { FirstConnection, Offer, PortPair } from '../../protocol/offer.ts';
import { Deserted, OpenAhead, Punch } from '../../protocol/punch.ts';
import type { ServiceAnswer } from '../../service/server.ts';
import type { ServiceRequest } from '../../service/wire.ts';
import { type Choice, choose, orderOf } from '../choose.ts';
import type { FlowNameTable } from '../flow-names.ts';
import type { ListenerView } from '../listeners.ts';
import type { Pairs } from '../pairs.ts';
import { createPunchAcceptor, type PunchAcceptorOptions } from './accept-punch.ts';
import { type AheadEnd, createAhead } from './ahead.ts';
import { createDeserted } from './deserted.ts';
import { initiate, initiateNearby } from './initiate.ts';
import { createOwnPorts } from './own-ports.ts';
import { type Peer, Peers } from './peers.ts';

export interface PuncherOptions {
  readonly addon: PunchAcceptorOptions['addon'];
  readonly overlay: Overlay;
  readonly listeners: ListenerView;
  readonly flows: FlowNameTable;
  readonly pairs: Pairs;
  readonly deliver: PunchAcceptorOptions['deliver'];
}

/** Connections between nodes that both have to open. */
export interface Puncher {
  /**
   * Where the guest's socket shall connect to, and from which port; or why that is not the way for this connection, before anything
   * of it has left. Rejects with the errno that the guest's connect() shall get.
   */
  connect(request: ServiceRequest, member: Member): Promise<ServiceAnswer | Choice>;
  /** What others ask by way of the seed. */
  readonly meet: (counterpart: Counterpart) => Promise<Offer>;
  readonly punch: (introduction: PunchIntroduction) => Promise<{ readonly port?: number }>;
  /** No guest of this node listens on `port` any more. */
  readonly vanished: (port: number) => void;
  close(): void;
}

/** What the acceptor says of the guest's request itself; anything else is about the way to it. */
const FOR_THE_GUEST: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EAGAIN']);
/** Connections of one node to another that are being introduced at a time. */
const MAX_INTRODUCING = 512;

function relay(why: string): Choice {
  return { transport: 'relay', why };
}

/**
 * How long connect() may go on where packets are reset, ms; then the relay is asked for. It ends as soon as the two ends have met, so
 * also a guest that does not block is kept no longer than that takes.
 */
const RESET_PATIENCE = 1000;

export function createPuncher({ addon, overlay, listeners, flows, pairs, deliver }: PuncherOptions): Puncher {
  const stop = new AbortController();
  const ports = createOwnPorts({
    overlay,
    isTaken: (port) => listeners.at(port) !== undefined,
    signal: stop.signal,
  });
  const doorTurns = new WeakMap<Peer, number>();
  const introducing = new WeakMap<Peer, number>();
  const deserted = createDeserted();

  const acceptor = createPunchAcceptor({
    addon,
    listeners,
    deliver,
    selfAddress: () => overlay.address,
    isDoor: (port) => ports.doors().some((door) => door.local === port),
  });

  /** A peer speaks for itself only: for its own overlay address, and from where it is. */
  function serve(session: Session, { address, offer: theirs }: Counterpart): void {
    session.handle(Punch, (introduction) => {
      const { from, peer } = introduction;
      const isOwn = from.address === theirs.publicAddress || from.address === theirs.privateAddress;
      if (peer.address !== address || !isOwn)
        throw new ControlError('EACCES', `${from.address} is not the node ${address}`);
      touch(address);
      return acceptor.introduce(introduction);
    });
    session.handle(OpenAhead, async (request) => {
      if (request.peer !== address || request.from !== theirs.publicAddress)
        throw new ControlError('EACCES', `${request.from} is not the node ${address}`);
      touch(address);
      return { opened: await acceptor.ahead(request) };
    });
    session.onNotification(Deserted, ({ port }) => {
      const peer = peers.get(address);
      if (!peer) return;
      ahead.forget(peer, port);
      deserted.add(peer, port);
    });
  }

  /** Nobody asks for a refusal: who hears of no end introduces his guest once more, and is told then. */
  async function openFirst(
    { address, offer: theirs }: Counterpart,
    { id, port, from }: FirstConnection,
  ): Promise<PortPair | undefined> {
    const doors = ports.doors();
    const door = doors[from.public % doors.length];
    if (!door) return undefined;
    await acceptor.introduce({
      id,
      port,
      at: door.local,
      from: { address: theirs.publicAddress, port: from.public },
      peer: { address, port: from.local },
      underWay: false,
    });
    return door;
  }

  const peers = new Peers({ overlay, offer: ports.offer, openFirst, serve });

  function touch(address: string): void {
    const known = peers.get(address);
    if (known) peers.touch(known);
  }

  const ahead = createAhead({
    address: () => overlay.address,
    async pair(peer) {
      const from = await ports.take();
      const door = nextDoor(peer);
      return from && door && { from, door };
    },
  });

  /** Only a NAT that drops what comes early lets the other end's wait, and only ports that are kept are known in any number. */
  function mayComeAhead(
    peer: Peer,
    member: Member,
    { local: { port: bound }, peer: { port } }: ServiceRequest,
  ) {
    const own = overlay.members().get(overlay.nodeId);
    const isFit = own?.nat === 'preserving' && own.filtering === 'silent' && member.nat === 'preserving';
    const isHairpin = peer.ownAddress === peer.peerAddress;
    return isFit && !isHairpin && bound === 0 && deserted.isListening(peer, member, port);
  }

  function nextDoor(peer: Peer): PortPair | undefined {
    const { doors } = peer.offer;
    const turn = doorTurns.get(peer) ?? 0;
    doorTurns.set(peer, turn + 1);
    return doors[turn % doors.length];
  }

  /**
   * To a node that this one has not met: the connection is introduced together with the nodes, and the guest connects as soon as these
   * have shown that there is a way. Undefined where the two have to meet first.
   */
  async function punchFirst(
    request: ServiceRequest,
    member: Member,
    choice: Choice,
  ): Promise<ServiceAnswer | undefined> {
    const { port } = request.peer;
    const isListening = member.ports.includes(port);
    if (!isListening || !peers.isStranger(member.address)) return undefined;
    const plan = planOf(member, undefined, isListening, overlay.observed.address === member.underlay);
    if (!plan || plan.mayBeReset) return undefined;
    const { port: bound } = request.local;
    const from = await ports.take(bound);
    if (!from || !peers.isStranger(member.address)) return undefined;
    const connection = { id: randomBytes(12).toString('hex'), port, from };
    const { promise: way, resolve } = Promise.withResolvers<Offer | undefined>();
    const meeting = peers.meet(member.address, { connection, onWay: resolve });
    meeting.then(
      (peer) => {
        resolve(undefined);
        if (mayComeAhead(peer, member, request)) ahead.prepare(peer, port);
      },
      () => resolve(undefined),
    );
    const theirs = await way;
    if (!theirs?.opened) return undefined;
    const there = { peerAddress: theirs.publicAddress, rtt: undefined };
    return punched(there, request, member, choice, { from, door: theirs.opened }, 0);
  }

  function planOf(member: Member, rtt: number | undefined, isListening: boolean, isHairpin: boolean) {
    const self = overlay.members().get(overlay.nodeId);
    const own = self?.filtering ?? 'unknown';
    const isOpen = self?.nat === 'none';
    return orderOf({ rtt, own, isOpen, peer: member.filtering, isListening, isHairpin });
  }

  async function punch(
    request: ServiceRequest,
    member: Member,
    choice: Choice,
  ): Promise<ServiceAnswer | Choice> {
    const first = await punchFirst(request, member, choice);
    if (first) return first;
    const peer = await peers.meet(member.address).catch((error: unknown) => {
      return relay(peers.failure(member.address) ?? (error instanceof Error ? error.message : 'no meeting'));
    });
    if (!('session' in peer)) return peer;
    const underWay = introducing.get(peer) ?? 0;
    if (underWay >= MAX_INTRODUCING)
      throw new ControlError('EAGAIN', `${underWay} connects are under way already`);
    introducing.set(peer, underWay + 1);
    try {
      peers.touch(peer);
      if (peer.way === 'public') return await punchTo(peer, request, member, choice);
      const answer = await initiateNearby(overlay, peer, request.peer);
      if (answer.peer) flows.rememberInitiated(answer.peer, request.peer);
      pairs.count(member.address, 'punch', 'both are on one network', peer.rtt);
      return answer;
    } catch (error) {
      if (FOR_THE_GUEST.has(codeOf(error))) throw error;
      return relay(`the introduction failed: ${error instanceof Error ? error.message : 'unknown'}`);
    } finally {
      introducing.set(peer, (introducing.get(peer) ?? 1) - 1);
    }
  }

  async function punchTo(
    peer: Peer,
    request: ServiceRequest,
    member: Member,
    choice: Choice,
  ): Promise<ServiceAnswer | Choice> {
    const end = mayComeAhead(peer, member, request) ? ahead.take(peer, request.peer.port) : undefined;
    if (end) return punched(peer, request, member, choice, end, 0);
    const isHairpin = peer.ownAddress === peer.peerAddress;
    const isListening = deserted.isListening(peer, member, request.peer.port);
    const plan = planOf(member, peer.rtt, isListening, isHairpin);
    if (!plan) return relay('both sides reset early packets, and are too near for theirs to cross');
    // A guest that has bound its socket keeps its port.
    const { port: bound } = request.local;
    const from = await ports.take(bound);
    const door = nextDoor(peer);
    if (!from || !door) return relay('no port is left whose public number is known');
    await initiate({
      overlay,
      peer,
      order: plan.order,
      from,
      door,
      destination: request.peer,
      onLost: (error) => {
        if (!FOR_THE_GUEST.has(codeOf(error))) peers.drop(peer, 'an introduction was not answered');
      },
    });
    if (plan.order === 'answered') deserted.remove(peer, request.peer.port);
    return punched(peer, request, member, choice, { from, door }, plan.mayBeReset ? RESET_PATIENCE : 0);
  }

  /** What the guest's process monitor is told. `retry`: ms for which its connect() goes on when it is reset; 0: not at all. */
  function punched(
    peer: Pick<Peer, 'peerAddress' | 'rtt'>,
    request: ServiceRequest,
    { address }: Member,
    { why }: Choice,
    { from, door }: AheadEnd,
    retry: number,
  ): ServiceAnswer {
    const there = { address: peer.peerAddress, port: door.public };
    flows.rememberInitiated(there, request.peer, from.local);
    pairs.count(address, 'punch', why, peer.rtt);
    return { bind: true, local: { address: '0.0.0.0', port: from.local }, peer: there, retry };
  }

  return {
    async connect(request, member) {
      const self = overlay.members().get(overlay.nodeId);
      const own = { nat: await ports.nat, filtering: self?.filtering ?? 'unknown' } as const;
      // What the other node has not said yet it will say when they meet.
      const theirs = member.nat === 'unknown' ? ({ ...member, nat: 'preserving' } as const) : member;
      const choice = choose(own, theirs);
      return choice.transport === 'punch' ? punch(request, member, choice) : choice;
    },
    meet: (counterpart) => peers.called(counterpart),
    punch: (introduction) => acceptor.introduce(introduction),
    vanished(port) {
      for (const { session } of peers.all()) session.notify(Deserted, { port });
    },
    close() {
      stop.abort(new Error('the node ends'));
      peers.close();
      acceptor.close();
      ports.close();
    },
  };
}
