import { ControlError } from '../../control/control-error.ts';
import type { Endpoint } from '../../control/endpoint.ts';
import type { Overlay } from '../../membership/join.ts';
import type { NatKind, Offer, PortPair } from '../../protocol/offer.ts';
import type { ListenerView } from '../listeners.ts';
import { findNat } from './find-nat.ts';
import { createLocalPorts, type LocalPorts } from './local-ports.ts';
import { createPublicPorts, type PublicPorts } from './public-ports.ts';

/** The NAT between this node and others, and this node's ports as others see them. */
export class OwnPorts {
  /** Known a round trip or two after the node has joined, and then told to the seed. Never rejects. */
  readonly nat: Promise<NatKind>;
  readonly #overlay: Overlay;
  readonly #stop = new AbortController();
  readonly #local: LocalPorts;
  /** Undefined until the NAT is known, and behind a NAT whose ports cannot be known beforehand. */
  #ports: PublicPorts | undefined;

  constructor(overlay: Overlay, listeners: ListenerView) {
    this.#overlay = overlay;
    this.#local = createLocalPorts((port) => listeners.at(port) !== undefined);
    this.nat = this.#detect();
  }

  /** A port for one connection. `bound`: the guest has chosen its port. Undefined where it is not known how others see the port. */
  async take(bound?: number): Promise<PortPair | undefined> {
    return bound === undefined ? this.#ports?.take() : this.#ports?.of(bound);
  }

  /** Ports from which this node opens its ends of connections to its guests. */
  doors(): readonly PortPair[] {
    return this.#ports?.doors() ?? [];
  }

  /** Throws ControlError EINVAL where connections may not be made from the local port `port`. */
  requireDoor(port: number): void {
    if (this.doors().some(({ local }) => local === port)) return;
    throw new ControlError('EINVAL', `${port} is no door of this node`);
  }

  /** What this node offers for a meeting. Rejects with ControlError EOPNOTSUPP where the NAT allows none. */
  async offer(): Promise<Offer> {
    const overlay = this.#overlay;
    const nat = await this.nat;
    const port = await this.#ports?.take();
    if (!port) {
      const message = `the NAT of node ${overlay.nodeId} (${nat}) has no port to offer`;
      throw new ControlError('EOPNOTSUPP', message);
    }
    return {
      nat,
      filtering: overlay.members().get(overlay.nodeId)?.filtering ?? 'unknown',
      publicAddress: overlay.observed.address,
      privateAddress: overlay.local.address,
      port,
      privatePort: 0,
      doors: this.doors(),
    };
  }

  close(): void {
    this.#stop.abort(new Error('the node ends'));
    this.#ports?.close();
  }

  async #detect(): Promise<NatKind> {
    const overlay = this.#overlay;
    const { local, observed } = overlay;
    const { signal } = this.#stop;
    const isDirect = local.address === observed.address && local.port === observed.port;
    const nat = isDirect ? 'none' : await findNat(this.#observers(), this.#local, signal);
    if (signal.aborted) return nat;
    this.#ports = createPublicPorts(nat, this.#local, () => this.#observers()[0]);
    if (!isDirect) await overlay.tellNat(nat).catch(() => undefined);
    return nat;
  }

  /** Where the seed tells this node how it is seen. */
  #observers(): Endpoint[] {
    const { observers, seed } = this.#overlay;
    return observers.map((port) => ({ address: seed.address, port }));
  }
}
