import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';

const FIRST_PORT = 10_240;
const LAST_PORT = 65_535;
/** Linux's own choice, where it does not tell. */
const EPHEMERAL = { first: 32_768, last: 60_999 };

/** The ports that the kernel gives to sockets which ask for none. */
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

/** Ports of this host for connections whose port has to be known before they are made. */
export interface LocalPorts {
  /** Another one each time; comes back to the same one after all others have had their turn. */
  next(): number;
}

/**
 * One after the other from a random start, not at random: a port that was used a moment ago may still be in TIME_WAIT, here or
 * in somebody's NAT. `isTaken` tells of ports that guests listen on.
 */
export function createLocalPorts(isTaken: (port: number) => boolean): LocalPorts {
  const { first, last } = ephemeralPorts();
  const isOurs = (port: number) => port < first || port > last;
  let port = randomInt(FIRST_PORT, LAST_PORT);
  return {
    next() {
      // Where the kernel has all ports for itself, one of those has to do.
      for (let tries = 0; tries <= LAST_PORT - FIRST_PORT; tries += 1) {
        port = port >= LAST_PORT ? FIRST_PORT : port + 1;
        if (isOurs(port) && !isTaken(port)) return port;
      }
      return randomInt(FIRST_PORT, LAST_PORT);
    },
  };
}
