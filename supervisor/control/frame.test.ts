import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeFrame, type Frame, FrameDecoder, MAX_BODY, MAX_FRAME } from './frame.ts';

const frames = fc.array(
  fc.record({
    type: fc.integer({ min: 0, max: 255 }),
    flags: fc.integer({ min: 0, max: 65_535 }),
    id: fc.integer({ min: 0, max: 0xffffffff }),
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 20 },
);

function decode(bytes: Buffer, cuts: readonly number[]): Frame[] {
  const decoder = new FrameDecoder();
  const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return at.flatMap((start, index) => decoder.push(bytes.subarray(start, at[index + 1] ?? bytes.length)));
}

test('frames are decoded unchanged, however the stream is split into chunks', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(5000), { maxLength: 40 }), (sent, cuts) => {
      const stream = Buffer.concat(sent.map(encodeFrame));
      const received = decode(
        stream,
        cuts.map((cut) => cut % (stream.length + 1)),
      );
      expect(received).toEqual(sent);
    }),
  );
});

test('push() throws nothing but RangeError, whatever the bytes are', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), (chunks) => {
      const decoder = new FrameDecoder();
      try {
        for (const chunk of chunks) decoder.push(Buffer.from(chunk));
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});

test('a body of MAX_BODY bytes passes; one byte more is refused by encoder and decoder', () => {
  const body = Buffer.alloc(MAX_BODY, 7);
  const bytes = encodeFrame({ type: 32, flags: 0, id: 0, body });
  const [frame] = decode(bytes, [3, 4, 5, 100_000]);
  expect(frame?.body.equals(body)).toBe(true);
  expect(() => encodeFrame({ type: 32, flags: 0, id: 0, body: Buffer.alloc(MAX_BODY + 1) })).toThrow(
    RangeError,
  );
  const tooLong = Buffer.alloc(4);
  tooLong.writeUInt32BE(MAX_FRAME + 1);
  expect(() => new FrameDecoder().push(tooLong)).toThrow(RangeError);
});

test('a frame of another version, or one shorter than its header, is refused', () => {
  const bytes = encodeFrame({ type: 1, flags: 0, id: 1, body: Buffer.from('{}') });
  bytes[5] = 2;
  expect(() => new FrameDecoder().push(bytes)).toThrow('version 2');
  expect(() => new FrameDecoder().push(Buffer.from([0, 0, 0, 7]))).toThrow(RangeError);
});
