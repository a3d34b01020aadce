import { ControlError } from '../control-error.ts';
import { encodeFrame } from '../frame.ts';

/**
 * The wire format of a byte stream over successive TCP connections, big endian. The caller begins each
 * connection with a greeting: u8[16] id of the stream, u8 1 for a new stream or 0 for a known one, u64 number
 * of bytes that the caller has received. The other side answers with the u64 number of bytes that it has
 * received. Then both send frames as on the control network, of the types below. The end of the stream counts
 * as one byte.
 */
export const ID_SIZE = 16;
export const COUNT_SIZE = 8;
export const GREETING_SIZE = ID_SIZE + 1 + COUNT_SIZE;

export const StreamFrame = {
  /** The body is the next bytes of the stream. */
  data: 1,
  /** The body is the u64 number of bytes that the sender has received so far. */
  received: 2,
  /** The stream has ended. */
  end: 3,
} as const;

/** Maximum number of stream bytes in one frame. */
export const MAX_DATA = 262_144;

export function encodeCount(count: number): Buffer {
  const bytes = Buffer.alloc(COUNT_SIZE);
  bytes.writeBigUInt64BE(BigInt(count));
  return bytes;
}

/** @throws ControlError EPROTO if `bytes` is not a valid count. */
export function decodeCount(bytes: Buffer): number {
  const count = bytes.length === COUNT_SIZE ? bytes.readBigUInt64BE() : undefined;
  if (count === undefined || count > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ControlError('EPROTO', `${bytes.toString('hex')} is not a count of bytes`);
  return Number(count);
}

export interface Greeting {
  readonly id: Buffer;
  readonly isNew: boolean;
  readonly received: number;
}

export function encodeGreeting({ id, isNew, received }: Greeting): Buffer {
  return Buffer.concat([id, Buffer.from([isNew ? 1 : 0]), encodeCount(received)]);
}

/** @throws ControlError EPROTO if `bytes` is not a valid greeting. */
export function decodeGreeting(bytes: Buffer): Greeting {
  const flag = bytes[ID_SIZE];
  if (bytes.length !== GREETING_SIZE || (flag !== 0 && flag !== 1))
    throw new ControlError('EPROTO', 'not the greeting of a stream');
  const id = bytes.subarray(0, ID_SIZE);
  return { id, isNew: flag === 1, received: decodeCount(bytes.subarray(ID_SIZE + 1)) };
}

export function encodeStreamFrame(type: number, body: Buffer): Buffer {
  return encodeFrame({ type, flags: 0, id: 0, body });
}
