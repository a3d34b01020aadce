import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';

const FIRST_PORT = 10_240;
const LAST_PORT = 65_535;
/** Linux's default range, used if the kernel's setting cannot be read. */
const EPHEMERAL = { first: 32_768, last: 60_999 };

/** Returns the range of ports that the kernel gives to unbound sockets. */
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

/** Supplies ports of this host for connections whose local port has to be known in advance. */
export interface LocalPorts {
  /** Returns another port each time; a port returns only after all others. */
  next(): number;
}

/**
 * Creates a source of ports in ascending order from a random one on. Random ports would not do: a port that
 * was used a moment ago may still be in TIME_WAIT, at this host or at a NAT. `isTaken` says whether a guest
 * listens on a port.
 */
export function createLocalPorts(isTaken: (port: number) => boolean): LocalPorts {
  const { first, last } = ephemeralPorts();
  const isOurs = (port: number) => port < first || port > last;
  let port = randomInt(FIRST_PORT, LAST_PORT);
  return {
    next() {
      // If the kernel's range covers all ports, a port of that range has to do.
      for (let tries = 0; tries <= LAST_PORT - FIRST_PORT; tries += 1) {
        port = port >= LAST_PORT ? FIRST_PORT : port + 1;
        if (isOurs(port) && !isTaken(port)) return port;
      }
      return randomInt(FIRST_PORT, LAST_PORT);
    },
  };
}
