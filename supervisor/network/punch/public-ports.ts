import type { Endpoint } from '../../control/endpoint.ts';
import { type NatKind, type PortPair, samePort } from '../../protocol/offer.ts';
import type { LocalPorts } from './local-ports.ts';
import { MappedPorts } from './mapped-ports.ts';

/** Local ports of which the public port is known. */
export interface PublicPorts {
  /** Takes a port for one connection. Resolves to undefined if no port is available at the moment. */
  take(): Promise<PortPair | undefined>;
  /**
   * Returns the pair of a local port that the guest has chosen; undefined if its public port is not known.
   */
  of(local: number): PortPair | undefined;
  /** Returns the ports that many connections may use, each with another remote endpoint. */
  inboundPorts(): readonly PortPair[];
  close(): void;
}

/**
 * Number of inbound ports. A connection is identified by both its ports, so with more inbound ports a guest's
 * port can be used again sooner.
 */
const INBOUND_PORTS = 8;

/** Returns undefined for a NAT whose ports cannot be predicted. */
export function createPublicPorts(
  nat: NatKind,
  ports: LocalPorts,
  observer: () => Endpoint | undefined,
): PublicPorts | undefined {
  if (nat === 'symmetric' || nat === 'unknown') return undefined;
  if (nat === 'mapped') return new MappedPorts(ports, observer);
  const inboundPorts = Array.from({ length: INBOUND_PORTS }, () => samePort(ports.next()));
  return {
    take: () => Promise.resolve(samePort(ports.next())),
    of: samePort,
    inboundPorts: () => inboundPorts,
    close: () => undefined,
  };
}
