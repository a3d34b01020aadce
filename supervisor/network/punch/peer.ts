import type { Member } from '../../membership/join.ts';
import type { PortPair } from '../../protocol/offer.ts';
import type { PeerLink } from './meeting.ts';

/** A node with which this node has a control connection. */
export class Peer {
  /** The peer's overlay address. */
  readonly address: string;
  readonly session: PeerLink['session'];
  readonly path: PeerLink['path'];
  readonly ownAddress: string;
  readonly peerAddress: string;
  readonly offer: PeerLink['offer'];
  /** Number of connections of this node's guests that are being introduced. */
  introducing = 0;
  #rtt: number | undefined;
  #turn = 0;
  /** Ports on which nobody listens according to the peer; the seed's update may come later. */
  readonly #deserted = new Set<number>();
  readonly #idle: NodeJS.Timeout;

  /** The session is closed when the peer has not been used for `idleLimit` ms. */
  constructor(address: string, link: PeerLink, idleLimit: number) {
    this.address = address;
    this.session = link.session;
    this.path = link.path;
    this.ownAddress = link.ownAddress;
    this.peerAddress = link.peerAddress;
    this.offer = link.offer;
    this.#idle = setTimeout(() => void link.session.close('not used any more'), idleLimit).unref();
    void link.session.closed.then(() => clearTimeout(this.#idle));
  }

  /** The shortest round trip so far, ms; undefined until the first one. */
  get rtt(): number | undefined {
    return this.#rtt;
  }

  /** Notes a round trip of `rtt` ms. */
  saw(rtt: number): void {
    this.#rtt = Math.min(this.#rtt ?? Number.POSITIVE_INFINITY, rtt);
  }

  /** Whether both nodes are behind one NAT, which leads them back to each other. */
  get isHairpin(): boolean {
    return this.ownAddress === this.peerAddress;
  }

  /** Marks the peer as used. */
  touch(): void {
    this.#idle.refresh();
  }

  /** Returns the peer's inbound ports in turn; undefined if it has none. */
  nextInboundPort(): PortPair | undefined {
    const { inboundPorts } = this.offer;
    const inboundPort = inboundPorts[this.#turn % inboundPorts.length];
    this.#turn += 1;
    return inboundPort;
  }

  /** Notes that nobody listens on `port` any more, as the peer reports. */
  desert(port: number): void {
    this.#deserted.add(port);
  }

  /** Notes that a connection was introduced to `port`, so somebody listens there again. */
  resettle(port: number): void {
    this.#deserted.delete(port);
  }

  /** Whether somebody listens on `port`, according to the seed and to the peer itself. */
  isListening({ ports }: Member, port: number): boolean {
    if (ports.includes(port)) return !this.#deserted.has(port);
    this.#deserted.delete(port);
    return false;
  }
}
