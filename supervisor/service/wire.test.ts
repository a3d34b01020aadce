import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashName, TABLE_SIZE } from './shared-table.ts';
import { encodeReply, parseRequest, REQUEST_SIZE } from './wire.ts';

/** The test vectors that shim-c/test reads too: both sides of the wire must agree on every byte. */
const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/service-wire.json', import.meta.url), 'utf8'),
);

describe('the service wire', () => {
  test.each<{ hex: string; inode: string; operation: number }>(golden.requests)(
    'parses the golden request of operation $operation',
    ({ hex, inode, ...fields }) => {
      expect(parseRequest(Buffer.from(hex, 'hex'))).toEqual({ ...fields, inode: BigInt(inode) });
    },
  );

  test.each<{ hex: string; operation: number; error: number }>(golden.replies)(
    'encodes the golden reply of operation $operation, error $error',
    ({ hex, operation, ...reply }) => {
      expect(encodeReply(operation, reply).toString('hex')).toBe(hex);
    },
  );

  test('the table has the same layout and hashes as on the C side', () => {
    expect(TABLE_SIZE).toBe(golden.table.size);
    for (const { name, hash } of [golden.table.name, golden.table.ask])
      expect(hashName(name).toString(16)).toBe(hash);
    expect(hashName('ReDis.')).toBe(hashName('redis'));
  });

  test('parseRequest() returns undefined for bytes of another size than a request, and never throws', () => {
    const anything = fc.uint8Array({ minLength: 0, maxLength: 2 * REQUEST_SIZE });
    fc.assert(
      fc.property(anything, (bytes) => {
        const request = parseRequest(Buffer.from(bytes));
        expect(request === undefined || bytes.length === REQUEST_SIZE).toBe(true);
      }),
    );
  });

  test('parseRequest() never throws for any content after a valid magic number', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: REQUEST_SIZE - 4, maxLength: REQUEST_SIZE - 4 }), (bytes) => {
        const request = parseRequest(Buffer.concat([Buffer.from('BXR1'), bytes]));
        expect(request?.name.length).toBeLessThanOrEqual(256);
        expect(request?.peer.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      }),
    );
  });
});
