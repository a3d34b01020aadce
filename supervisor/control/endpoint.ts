import type { Socket } from 'node:net';

/** An IPv4 address in dotted form and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/**
 * A dual-stack listener reports IPv4 peers in the v4-mapped form of RFC 4291; the project's own form is the
 * dotted one.
 */
function dotted(address: string | undefined): string {
  return address?.replace(/^::ffff:/i, '') ?? '';
}

/** Both ends of a connected socket; to be asked before it closes, for afterwards the kernel has forgotten. */
export function endpointsOf(socket: Socket): { local: Endpoint; remote: Endpoint } {
  return {
    local: { address: dotted(socket.localAddress), port: socket.localPort ?? 0 },
    remote: { address: dotted(socket.remoteAddress), port: socket.remotePort ?? 0 },
  };
}
