import { crc32 } from 'node:zlib';

/** The type byte of a string header in AWS's event stream encoding. */
const STRING = 7;
/**
 * Sizes in bytes: two lengths and their checksum come first, and a checksum of the whole event comes last.
 */
const PRELUDE = 12;
const TRAILER = 4;

/** One event of an `application/vnd.amazon.eventstream` body. */
export function eventFrame(eventType: string, contentType: string, payload: Buffer): Buffer {
  const headers = Buffer.concat([
    stringHeader(':event-type', eventType),
    stringHeader(':content-type', contentType),
    stringHeader(':message-type', 'event'),
  ]);
  const frame = Buffer.alloc(PRELUDE + headers.length + payload.length + TRAILER);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(headers.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  headers.copy(frame, PRELUDE);
  payload.copy(frame, PRELUDE + headers.length);
  const end = frame.length - TRAILER;
  frame.writeUInt32BE(crc32(frame.subarray(0, end)), end);
  return frame;
}

function stringHeader(name: string, value: string): Buffer {
  const header = Buffer.alloc(1 + name.length + 1 + 2 + Buffer.byteLength(value));
  let at = header.writeUInt8(name.length, 0);
  at += header.write(name, at);
  at = header.writeUInt8(STRING, at);
  at = header.writeUInt16BE(Buffer.byteLength(value), at);
  header.write(value, at);
  return header;
}
