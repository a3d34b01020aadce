import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Frame, FrameFlag, MAX_BODY } from './frame.ts';

/** The capability by which a node says in hello that it accepts frames with deflated bodies (RFC 1951). */
export const DEFLATE = 'deflate';

/** Minimum size in bytes of a body to deflate. A shorter frame fits one packet in any case. */
const WORTH_IT = 512;
/** The zlib level. Higher levels make a membership update no smaller and take twice the time. */
const LEVEL = 3;

/** Returns the frame with its body deflated, or the frame itself if its body is short. */
export function deflated(frame: Frame): Frame {
  if (frame.body.length < WORTH_IT) return frame;
  const body = deflateRawSync(frame.body, { level: LEVEL });
  return { ...frame, flags: frame.flags | FrameFlag.deflated, body };
}

/**
 * Returns the inflated body of a frame.
 * @throws RangeError if the inflated body exceeds `MAX_BODY`; zlib's error if the body is not deflated.
 */
export function inflated({ body }: Frame): Buffer {
  return inflateRawSync(body, { maxOutputLength: MAX_BODY });
}
