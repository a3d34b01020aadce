import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Frame, FrameFlag, MAX_BODY } from './frame.ts';

/** What a node says in hello that may be sent frames whose body is deflated (RFC 1951). */
export const DEFLATE = 'deflate';

/** Bytes below which a frame is not worth it: it is one packet, whatever it says. */
const WORTH_IT = 512;
/** A membership comes out as small as with higher ones, in half the time. */
const LEVEL = 3;

/** The same frame with its body deflated where that makes a difference. */
export function deflated(frame: Frame): Frame {
  if (frame.body.length < WORTH_IT) return frame;
  const body = deflateRawSync(frame.body, { level: LEVEL });
  return { ...frame, flags: frame.flags | FrameFlag.deflated, body };
}

/**
 * The body of a deflated frame. Throws RangeError for more than a frame may hold, zlib's error for what is no
 * deflated body.
 */
export function inflated({ body }: Frame): Buffer {
  return inflateRawSync(body, { maxOutputLength: MAX_BODY });
}
