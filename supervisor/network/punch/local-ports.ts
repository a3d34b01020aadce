import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';

const FIRST_PORT = 10_240;
const LAST_PORT = 65_535;
/** Linux's default, where the kernel's setting cannot be read. */
const EPHEMERAL = { first: 32_768, last: 60_999 };

/** The range of ports that the kernel gives to sockets which are not bound. */
export function ephemeralPorts(): { readonly first: number; readonly last: number } {
  try {
    const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1')
      .split(/\s+/)
      .map(Number);
    return first && last ? { first, last } : EPHEMERAL;
  } catch {
    return EPHEMERAL;
  }
}

/** Ports of this host for connections whose local port has to be known before they are made. */
export interface LocalPorts {
  /** Returns another port each time, and the same one again only after all others. */
  next(): number;
}

/**
 * Returns ports in ascending order from a random one on, not random ports: a port that was used a moment ago
 * may still be in TIME_WAIT, at this host or at a NAT. `isTaken` says whether a guest listens on a port.
 */
export function createLocalPorts(isTaken: (port: number) => boolean): LocalPorts {
  const { first, last } = ephemeralPorts();
  const isOurs = (port: number) => port < first || port > last;
  let port = randomInt(FIRST_PORT, LAST_PORT);
  return {
    next() {
      // Where the kernel's range covers all ports, one of that range has to do.
      for (let tries = 0; tries <= LAST_PORT - FIRST_PORT; tries += 1) {
        port = port >= LAST_PORT ? FIRST_PORT : port + 1;
        if (isOurs(port) && !isTaken(port)) return port;
      }
      return randomInt(FIRST_PORT, LAST_PORT);
    },
  };
}
