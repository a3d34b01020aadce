/**
 * The layout of a frame, big endian: u32 length of the rest | u8 type | u8 version | u16 flags | u32 request
 * id | body.
 */

export const FRAME_VERSION = 1;
/** Maximum number of bytes after the length field. */
export const MAX_FRAME = 1 << 20;
const LENGTH_SIZE = 4;
const HEADER_SIZE = 8;
/** Maximum size of a body in bytes. */
export const MAX_BODY = MAX_FRAME - HEADER_SIZE;

/**
 * Bits of the flags field. `deflated`: the receiver has to inflate the body; used only if the receiver asked
 * for it in hello.
 */
export const FrameFlag = { reply: 1, failed: 2, deflated: 4 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  /** 0 for a notification. */
  readonly id: number;
  readonly body: Buffer;
}

/**
 * Encodes a frame in one buffer, so that sending it is one write.
 * @throws RangeError if the body exceeds `MAX_BODY`.
 */
export function encodeFrame({ type, flags, id, body }: Frame): Buffer {
  if (body.length > MAX_BODY) throw new RangeError(`a body of ${body.length} bytes does not fit a frame`);
  const bytes = Buffer.allocUnsafe(LENGTH_SIZE + HEADER_SIZE + body.length);
  bytes.writeUInt32BE(HEADER_SIZE + body.length, 0);
  bytes.writeUInt8(type, 4);
  bytes.writeUInt8(FRAME_VERSION, 5);
  bytes.writeUInt16BE(flags, 6);
  bytes.writeUInt32BE(id, 8);
  bytes.set(body, LENGTH_SIZE + HEADER_SIZE);
  return bytes;
}

/**
 * Splits a byte stream into frames. A body that arrives in one chunk is a view of the chunk, not a copy. The
 * decoder holds back at most one incomplete frame (`maxFrame` bytes). `push` throws RangeError for a
 * malformed stream; the decoder cannot be used after that.
 */
export class FrameDecoder {
  readonly #maxFrame: number;
  #held = Buffer.alloc(0);
  #filled = 0;

  constructor(maxFrame = MAX_FRAME) {
    this.#maxFrame = maxFrame;
  }

  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let offset = 0;
    while (offset < chunk.length) {
      const left = chunk.length - offset;
      const size =
        this.#filled === 0 && left >= LENGTH_SIZE ? this.#sizeAt(chunk, offset) : Number.POSITIVE_INFINITY;
      if (left >= size) {
        frames.push(parseFrame(chunk.subarray(offset, offset + size)));
        offset += size;
      } else offset += this.#hold(chunk.subarray(offset), frames);
    }
    return frames;
  }

  /** Takes from `chunk` the bytes that the incomplete frame still lacks; returns their number. */
  #hold(chunk: Buffer, frames: Frame[]): number {
    if (this.#filled === 0) this.#held = Buffer.allocUnsafe(LENGTH_SIZE);
    const taken = chunk.copy(this.#held, this.#filled);
    this.#filled += taken;
    if (this.#filled < this.#held.length) return taken;
    if (this.#filled === LENGTH_SIZE) {
      const whole = Buffer.allocUnsafeSlow(this.#sizeAt(this.#held, 0));
      whole.set(this.#held);
      this.#held = whole;
    } else {
      frames.push(parseFrame(this.#held));
      this.#filled = 0;
      this.#held = Buffer.alloc(0);
    }
    return taken;
  }

  #sizeAt(bytes: Buffer, offset: number): number {
    const length = bytes.readUInt32BE(offset);
    if (length < HEADER_SIZE || length > this.#maxFrame)
      throw new RangeError(`a frame must not have ${length} bytes`);
    return LENGTH_SIZE + length;
  }
}

function parseFrame(bytes: Buffer): Frame {
  const version = bytes.readUInt8(5);
  if (version !== FRAME_VERSION) throw new RangeError(`unknown frame version ${version}`);
  return {
    type: bytes.readUInt8(4),
    flags: bytes.readUInt16BE(6),
    id: bytes.readUInt32BE(8),
    body: bytes.subarray(LENGTH_SIZE + HEADER_SIZE),
  };
}
