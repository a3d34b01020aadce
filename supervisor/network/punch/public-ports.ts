import type { Endpoint } from '../../control/endpoint.ts';
import type { LocalPorts } from './local-ports.ts';
import { MappedPorts } from './mapped-ports.ts';
import { type NatKind, type PortPair, samePort } from './offer.ts';

/** Local ports of which it is known how the world sees them. */
export interface PublicPorts {
  /** For one connection; undefined where there is none just now. */
  take(): Promise<PortPair | undefined>;
  /** A port that somebody else has chosen; undefined where it is not known how that one is seen. */
  of(local: number): PortPair | undefined;
  /** Ports that any number of connections may come to, each from another endpoint. */
  doors(): readonly PortPair[];
  close(): void;
}

/** Connections from one endpoint to another are unique by the other end's port; more doors let that one come back sooner. */
const DOORS = 8;

/** Undefined behind a NAT whose ports cannot be known beforehand. */
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
