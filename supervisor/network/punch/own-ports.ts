import { ControlError } from '../../control/control-error.ts';
import type { Overlay } from '../../membership/join.ts';
import type { NatKind, Offer, PortPair } from '../../protocol/offer.ts';
import { findNat } from './find-nat.ts';
import { createLocalPorts } from './local-ports.ts';
import { createPublicPorts, type PublicPorts } from './public-ports.ts';

export interface OwnPortsOptions {
  readonly overlay: Overlay;
  /** Whether a guest listens on a port. */
  readonly isTaken: (port: number) => boolean;
  readonly signal: AbortSignal;
}

/** What is between this node and others, and the ports that it has for them. */
export interface OwnPorts {
  /** Known a round trip or two after the node has joined; the seed is told. Never rejects. */
  readonly nat: Promise<NatKind>;
  /** For one connection, `bound` where its guest has chosen its port; undefined where it is not known how that one is seen. */
  take(bound?: number): Promise<PortPair | undefined>;
  doors(): readonly PortPair[];
  /** For a meeting. Rejects with ControlError EOPNOTSUPP where the NAT allows none. */
  offer(): Promise<Offer>;
  close(): void;
}

export function createOwnPorts({ overlay, isTaken, signal }: OwnPortsOptions): OwnPorts {
  const local = createLocalPorts(isTaken);
  const observers = () => overlay.observers.map((port) => ({ address: overlay.seed.address, port }));
  let ports: PublicPorts | undefined;
  const nat = detect();

  async function detect(): Promise<NatKind> {
    const { local: ours, observed } = overlay;
    const isDirect = ours.address === observed.address && ours.port === observed.port;
    const kind = isDirect ? 'none' : await findNat(observers(), local, signal);
    if (signal.aborted) return kind;
    ports = createPublicPorts(kind, local, () => observers()[0]);
    if (!isDirect) await overlay.tellNat(kind).catch(() => undefined);
    return kind;
  }

  return {
    nat,
    async take(bound = 0) {
      return bound === 0 ? ports?.take() : ports?.of(bound);
    },
    doors: () => ports?.doors() ?? [],
    async offer() {
      const kind = await nat;
      const port = await ports?.take();
      if (!ports || !port)
        throw new ControlError(
          'EOPNOTSUPP',
          `the NAT of node ${overlay.nodeId} (${kind}) has no port to offer`,
        );
      return {
        nat: kind,
        filtering: overlay.members().get(overlay.nodeId)?.filtering ?? 'unknown',
        publicAddress: overlay.observed.address,
        privateAddress: overlay.local.address,
        port,
        privatePort: 0,
        doors: ports.doors(),
      };
    },
    close: () => ports?.close(),
  };
}
