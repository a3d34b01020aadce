import type { Log } from '../base/log.ts';
import type { Engine } from '../engine/engine.ts';
import { createAddresses } from './addresses.ts';
import { createGateway } from './gateway.ts';
import { createGatewayPool, type GatewayPool } from './gateway-pool.ts';
import { startNameServer } from './name-server.ts';
import { findOwnContainer, type OwnContainer } from './own-container.ts';
import { raisePublicBridge } from './public-bridge.ts';
import type { NatKind, ServiceEndpoint } from './rules.ts';

export interface Nat {
  readonly own: OwnContainer;
  readonly gateways: GatewayPool;
  /** The endpoint to which gateways forward the packets that functions send to their service address. */
  readonly service: ServiceEndpoint;
}

const RUNTIME_PORT = 9001;
const DNS_PORT = 9053;

/** Makes the bridge and `ahead` gateways, and starts the name server that functions use. */
export async function startNat(
  engine: Engine,
  kind: NatKind,
  ahead: number,
  network: string | undefined,
  log: Log,
  signal: AbortSignal,
): Promise<Nat> {
  const own = await findOwnContainer(engine, network);
  await raisePublicBridge(own);
  const service = { address: own.address, runtimePort: RUNTIME_PORT, dnsPort: DNS_PORT };
  const make = (name: string, address: string) => createGateway(name, address, own, kind, service);
  const gateways = createGatewayPool(ahead, createAddresses(engine, own), make, log);
  await startNameServer(own.address, DNS_PORT, gateways.isMember, signal);
  return { own, gateways, service };
}
