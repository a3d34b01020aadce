import type { Endpoint } from '../../control/endpoint.ts';
import { type NatKind, type PortPair, samePort } from '../../protocol/offer.ts';
import type { LocalPorts } from './local-ports.ts';
import { MappedPorts } from './mapped-ports.ts';

/** Local ports whose public numbers are known. */
export interface PublicPorts {
  /** Takes a port for one connection. Undefined where no port is available at the moment. */
  take(): Promise<PortPair | undefined>;
  /** The pair of a local port that the guest has chosen. Undefined where its public number is not known. */
  of(local: number): PortPair | undefined;
  /** Ports that any number of connections may use, each of them with another remote endpoint. */
  doors(): readonly PortPair[];
  close(): void;
}

/** A connection is identified by both its ports. With more doors, a guest's port can be used again sooner. */
const DOORS = 8;

/** Undefined behind a NAT whose ports cannot be predicted. */
export function createPublicPorts(
  nat: NatKind,
  ports: LocalPorts,
  observer: () => Endpoint | undefined,
): PublicPorts | undefined {
  if (nat === 'symmetric' || nat === 'unknown') return undefined;
  if (nat === 'mapped') return new MappedPorts(ports, observer);
  const doors = Array.from({ length: DOORS }, () => samePort(ports.next()));
  return {
    take: () => Promise.resolve(samePort(ports.next())),
    of: samePort,
    doors: () => doors,
    close: () => undefined,
  };
}
