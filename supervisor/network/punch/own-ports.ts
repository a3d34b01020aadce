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
  /**
   * The kind of the NAT; resolves one or two round trips after the node has joined. The seed is then told.
   * Never rejects.
   */
  readonly nat: Promise<NatKind>;
  readonly #overlay: Overlay;
  readonly #stop = new AbortController();
  readonly #local: LocalPorts;
  /** Undefined until the NAT is known, and behind a NAT whose ports cannot be predicted. */
  #ports: PublicPorts | undefined;

  constructor(overlay: Overlay, listeners: ListenerView) {
    this.#overlay = overlay;
    this.#local = createLocalPorts((port) => listeners.at(port) !== undefined);
    this.nat = this.#detect();
  }

  /**
   * Takes a port for one connection; `bound` is the port that the guest has chosen, if any. Resolves to
   * undefined if it is not known how others see the port.
   */
  async take(bound?: number): Promise<PortPair | undefined> {
    return bound === undefined ? this.#ports?.take() : this.#ports?.of(bound);
  }

  /** Returns the ports from which this node opens its ends of connections to its guests. */
  inboundPorts(): readonly PortPair[] {
    return this.#ports?.inboundPorts() ?? [];
  }

  /** @throws ControlError EINVAL if the local port `port` is not an inbound port. */
  requireInboundPort(port: number): void {
    if (this.inboundPorts().some(({ local }) => local === port)) return;
    throw new ControlError('EINVAL', `${port} is not an inbound port of this node`);
  }

  /**
   * Resolves to this node's offer for a meeting. Rejects with ControlError EOPNOTSUPP if the NAT allows none.
   */
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
      inboundPorts: this.inboundPorts(),
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

  /** Returns the endpoints where the seed tells this node the address from which it sees the node. */
  #observers(): Endpoint[] {
    const { observers, seed } = this.#overlay;
    return observers.map((port) => ({ address: seed.address, port }));
  }
}
