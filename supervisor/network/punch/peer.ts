import type { Member } from '../../membership/join.ts';
import type { PortPair } from '../../protocol/offer.ts';
import type { PeerLink } from './meeting.ts';

/** A node that this one has a control connection with. */
export class Peer {
  /** overlay address */
  readonly address: string;
  readonly session: PeerLink['session'];
  readonly path: PeerLink['path'];
  readonly ownAddress: string;
  readonly peerAddress: string;
  readonly offer: PeerLink['offer'];
  /** Connections of this node's guests that are being introduced. */
  introducing = 0;
  #rtt: number | undefined;
  #turn = 0;
  /** Ports on which nobody listens, by the peer's own report: the seed may not have told yet. */
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

  /** The shortest round trip that was seen, ms; undefined until the first one. */
  get rtt(): number | undefined {
    return this.#rtt;
  }

  /** Takes note of a round trip of so many ms. */
  saw(rtt: number): void {
    this.#rtt = Math.min(this.#rtt ?? Number.POSITIVE_INFINITY, rtt);
  }

  /** The two are behind one NAT, which leads them back to each other. */
  get isHairpin(): boolean {
    return this.ownAddress === this.peerAddress;
  }

  /** Marks the peer as used. */
  touch(): void {
    this.#idle.refresh();
  }

  /** The peer's doors in turn; undefined where it has none. */
  nextDoor(): PortPair | undefined {
    const { doors } = this.offer;
    const door = doors[this.#turn % doors.length];
    this.#turn += 1;
    return door;
  }

  /** The peer reports that nobody listens on `port` any more. */
  desert(port: number): void {
    this.#deserted.add(port);
  }

  /** A connection has been introduced to `port`. */
  resettle(port: number): void {
    this.#deserted.delete(port);
  }

  /** Whether somebody listens on `port`, as far as the seed and the peer itself have told. */
  isListening({ ports }: Member, port: number): boolean {
    if (ports.includes(port)) return !this.#deserted.has(port);
    this.#deserted.delete(port);
    return false;
  }
}
