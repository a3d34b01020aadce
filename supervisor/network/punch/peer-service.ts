import { ControlError } from '../../control/control-error.ts';
import type { Session } from '../../control/session.ts';
import type { Counterpart } from '../../membership/join.ts';
import type { FirstConnection, PortPair } from '../../protocol/offer.ts';
import { Deserted, OpenAhead, Punch } from '../../protocol/punch.ts';
import type { AheadAcceptor } from './accept-ahead.ts';
import type { PunchAcceptor } from './accept-punch.ts';
import type { AheadPools } from './ahead.ts';
import type { OwnPorts } from './own-ports.ts';
import type { Peer } from './peer.ts';

interface PeerServiceOptions {
  readonly ports: OwnPorts;
  readonly acceptor: PunchAcceptor;
  readonly aheadAcceptor: AheadAcceptor;
  readonly ahead: AheadPools;
}

/** This node's record of the node at the other end of a session. */
export interface PeerRecord {
  /** Returns the peer; undefined until the two nodes have chosen their connection. */
  find(): Peer | undefined;
  /** Marks the peer as used. */
  touch(): void;
}

/**
 * Handles requests of peers. A peer may speak only for itself: for its own overlay address, and from its own
 * underlay addresses.
 */
export class PeerService {
  readonly #options: PeerServiceOptions;

  constructor(options: PeerServiceOptions) {
    this.#options = options;
  }

  /**
   * Registers the handlers for the node at the other end of the session. Has to be called before anything is
   * received.
   */
  serve(session: Session, counterpart: Counterpart, record: PeerRecord): void {
    const { acceptor, aheadAcceptor, ahead } = this.#options;
    session.handle(Punch, (introduction) => {
      const { publicAddress, privateAddress } = counterpart.offer;
      requireSelf(counterpart, introduction.peer.address, introduction.from.address, [
        publicAddress,
        privateAddress,
      ]);
      record.touch();
      return acceptor.introduce(introduction);
    });
    session.handle(OpenAhead, async (request) => {
      requireSelf(counterpart, request.peer, request.from, [counterpart.offer.publicAddress]);
      record.touch();
      return { opened: await aheadAcceptor.open(request) };
    });
    session.onNotification(Deserted, ({ port }) => {
      const peer = record.find();
      if (!peer) return;
      ahead.forget(peer, port);
      peer.desert(port);
    });
  }

  /**
   * Opens this node's end of the connection that is introduced together with its node. Resolves to undefined
   * if this node has no inbound port. The introduction has `underWay: false`, so nothing is refused over the
   * connection: if it fails, the other node introduces it once more and gets the refusal then.
   */
  async openEnd(
    { address, offer }: Counterpart,
    { id, port, from }: FirstConnection,
  ): Promise<PortPair | undefined> {
    const inboundPorts = this.#options.ports.inboundPorts();
    const inboundPort = inboundPorts[from.public % inboundPorts.length];
    if (!inboundPort) return undefined;
    await this.#options.acceptor.introduce({
      id,
      port,
      at: inboundPort.local,
      from: { address: offer.publicAddress, port: from.public },
      peer: { address, port: from.local },
      underWay: false,
    });
    return inboundPort;
  }
}

function requireSelf(
  { address }: Counterpart,
  claimed: string,
  from: string,
  addresses: readonly string[],
): void {
  if (claimed === address && addresses.includes(from)) return;
  throw new ControlError('EACCES', `${from} is not the node ${address}`);
}
