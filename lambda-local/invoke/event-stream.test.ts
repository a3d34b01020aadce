import { crc32 } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { eventFrame } from './event-stream.ts';

test('an event has two lengths, headers, a payload and two checksums', () => {
  const payload = Buffer.from('{"a":1}');
  const frame = eventFrame('InvokeComplete', 'application/json', payload);
  expect(frame.readUInt32BE(0)).toBe(frame.length);
  expect(frame.readUInt32BE(8)).toBe(crc32(frame.subarray(0, 8)));
  expect(frame.readUInt32BE(frame.length - 4)).toBe(crc32(frame.subarray(0, -4)));
  const headers = frame.subarray(12, 12 + frame.readUInt32BE(4)).toString('latin1');
  expect(headers).toBe(
    '\x0b:event-type\x07\x00\x0eInvokeComplete\x0d:content-type\x07\x00\x10application/json' +
      '\x0d:message-type\x07\x00\x05event',
  );
  expect(frame.subarray(12 + headers.length, -4)).toEqual(payload);
});
