import { inflated } from './deflated.ts';
import { type Frame, FrameFlag } from './frame.ts';
import { BYTES } from './message.ts';

/** Encodes the body of a message; a Buffer is sent as it is. */
export function encodeBody(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
}

/**
 * Decodes the body of a frame. A deflated frame is accepted only with `takesDeflated`. An error closes the
 * session.
 * @throws SyntaxError if the body is not JSON; RangeError or zlib's error for a deflated frame.
 */
export function decodeBody(frame: Frame, takesDeflated: boolean): unknown {
  const body = frame.flags & FrameFlag.deflated ? inflate(frame, takesDeflated) : frame.body;
  if (BYTES.has(frame.type)) return body;
  const parsed: unknown = JSON.parse(body.toString());
  return parsed;
}

function inflate(frame: Frame, takesDeflated: boolean): Buffer {
  if (!takesDeflated) throw new RangeError('a deflated frame, which was not asked for');
  return inflated(frame);
}
