import type { Endpoint } from '../control/endpoint.ts';

/** The messages between process monitor and supervisor. The C side is `shim-c/service-wire.h`. */

export const WIRE_MAGIC = 0x31525842;
export const REQUEST_SIZE = 296;
export const REPLY_SIZE = 352;
export const NAME_MAX = 256;
export const ADDRESS_MAX = 16;

export const Operation = {
  table: 1,
  listen: 2,
  unlisten: 3,
  connect: 4,
  accept: 5,
  namesOf: 6,
  resolve: 7,
  reverse: 8,
  connectLater: 9,
  underWay: 10,
  denied: 11,
} as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

export interface ServiceRequest {
  readonly operation: number;
  readonly family: number;
  readonly process: number;
  readonly nonblocking: boolean;
  /** The guest's process could not bind to the ports that earlier replies gave. */
  readonly noPunch: boolean;
  readonly inode: bigint;
  readonly local: Endpoint;
  readonly peer: Endpoint;
  readonly name: string;
}

export interface ServiceReply {
  /** An errno value; 0 for success. */
  readonly error?: number;
  /** If true, the guest's socket has to be bound to `local.port` before it connects. */
  readonly bind?: boolean;
  /**
   * How long a refused connect() is retried, ms. A connect() of a nonblocking guest may wait that long too.
   */
  readonly retry?: number;
  readonly local?: Endpoint;
  readonly peer?: Endpoint;
  readonly addresses?: readonly string[];
  readonly name?: string;
}

export function readIpv4(bytes: Buffer, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/**
 * Writes a dotted IPv4 address as four bytes.
 * @throws RangeError if `address` is malformed, which is a programming error.
 */
export function writeIpv4(bytes: Buffer, offset: number, address: string): void {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255)))
    throw new RangeError(`not an IPv4 address: ${address}`);
  bytes.set(parts, offset);
}

function readEndpoint(bytes: Buffer, offset: number): Endpoint {
  return { address: readIpv4(bytes, offset), port: bytes.readUInt16LE(offset + 4) };
}

function writeEndpoint(bytes: Buffer, offset: number, endpoint: Endpoint): void {
  writeIpv4(bytes, offset, endpoint.address);
  bytes.writeUInt16LE(endpoint.port, offset + 4);
}

function readName(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return bytes.toString('latin1', offset, end < 0 || end > offset + NAME_MAX ? offset + NAME_MAX : end);
}

/** Parses exactly `REQUEST_SIZE` bytes. Returns undefined if they are not a request of this version. */
export function parseRequest(bytes: Buffer): ServiceRequest | undefined {
  if (bytes.length !== REQUEST_SIZE || bytes.readUInt32LE(0) !== WIRE_MAGIC) return undefined;
  return {
    operation: bytes.readUInt16LE(4),
    family: bytes.readUInt16LE(6),
    process: bytes.readUInt32LE(8),
    nonblocking: (bytes.readUInt32LE(12) & 1) !== 0,
    noPunch: (bytes.readUInt32LE(12) & 2) !== 0,
    inode: bytes.readBigUInt64LE(16),
    local: readEndpoint(bytes, 24),
    peer: readEndpoint(bytes, 32),
    name: readName(bytes, 40),
  };
}

export function encodeReply(operation: number, reply: ServiceReply): Buffer {
  const bytes = Buffer.alloc(REPLY_SIZE);
  const addresses = (reply.addresses ?? []).slice(0, ADDRESS_MAX);
  bytes.writeUInt32LE(WIRE_MAGIC, 0);
  bytes.writeUInt16LE(operation, 4);
  bytes.writeUInt16LE(addresses.length, 6);
  bytes.writeInt32LE(reply.error ?? 0, 8);
  bytes.writeUInt16LE(reply.bind ? 1 : 0, 12);
  bytes.writeUInt16LE(reply.retry ?? 0, 14);
  if (reply.local) writeEndpoint(bytes, 16, reply.local);
  if (reply.peer) writeEndpoint(bytes, 24, reply.peer);
  addresses.forEach((address, index) => {
    writeIpv4(bytes, 32 + 4 * index, address);
  });
  if (reply.name) bytes.write(reply.name.slice(0, NAME_MAX - 1), 96, 'latin1');
  return bytes;
}
