import { ControlError } from '../control-error.ts';
import { encodeFrame } from '../frame.ts';

/**
 * A byte stream over one TCP connection after another. The caller begins each with its greeting: u8[16] id of
 * the stream, u8 whether it begins (1) or goes on (0), u64 bytes that the caller has received of it; the
 * other side answers with u64 bytes that it has received. Then frames as on the control network, of these
 * types. Big endian. The end of the stream counts as one byte.
 */
export const ID_SIZE = 16;
export const COUNT_SIZE = 8;
export const GREETING_SIZE = ID_SIZE + 1 + COUNT_SIZE;

export const StreamFrame = {
  /** Its body is the next bytes of the stream. */
  data: 1,
  /** u64 bytes that have been received so far. */
  received: 2,
  /** Nothing follows. */
  end: 3,
} as const;

/** Of one frame. */
export const MAX_DATA = 262_144;

export function encodeCount(count: number): Buffer {
  const bytes = Buffer.alloc(COUNT_SIZE);
  bytes.writeBigUInt64BE(BigInt(count));
  return bytes;
}

/** Throws ControlError EPROTO for what is no count. */
export function decodeCount(bytes: Buffer): number {
  const count = bytes.length === COUNT_SIZE ? bytes.readBigUInt64BE() : undefined;
  if (count === undefined || count > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ControlError('EPROTO', `${bytes.toString('hex')} is no count of bytes`);
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

/** Throws ControlError EPROTO for what is none. */
export function decodeGreeting(bytes: Buffer): Greeting {
  const flag = bytes[ID_SIZE];
  if (bytes.length !== GREETING_SIZE || (flag !== 0 && flag !== 1))
    throw new ControlError('EPROTO', 'no greeting of a stream');
  const id = bytes.subarray(0, ID_SIZE);
  return { id, isNew: flag === 1, received: decodeCount(bytes.subarray(ID_SIZE + 1)) };
}

export function encodeStreamFrame(type: number, body: Buffer): Buffer {
  return encodeFrame({ type, flags: 0, id: 0, body });
}
