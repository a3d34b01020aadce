import type { Socket } from 'node:net';

/** An IPv4 address in dotted form and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/**
 * Returns an IPv4 address in dotted form. A dual-stack listener reports IPv4 peers in the v4-mapped form of
 * RFC 4291.
 */
function dotted(address: string | undefined): string {
  return address?.replace(/^::ffff:/i, '') ?? '';
}

/**
 * Returns both ends of a connected socket. Call it before the socket closes; afterwards the kernel no longer
 * knows them.
 */
export function endpointsOf(socket: Socket): { local: Endpoint; remote: Endpoint } {
  return {
    local: { address: dotted(socket.localAddress), port: socket.localPort ?? 0 },
    remote: { address: dotted(socket.remoteAddress), port: socket.remotePort ?? 0 },
  };
}
