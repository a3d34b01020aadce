import { deflateRawSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { deflated, inflated } from './deflated.ts';
import { FrameFlag, MAX_BODY } from './frame.ts';

const frameOf = (body: Buffer) => ({ type: 3, flags: 0, id: 0, body });

test('a long body is deflated and inflates unchanged; a short one is not deflated', () => {
  const long = frameOf(Buffer.from('{"nodes":[1,2,3]}'.repeat(1000)));
  const sent = deflated(long);
  expect(sent.flags).toBe(FrameFlag.deflated);
  expect(sent.body.length).toBeLessThan(long.body.length / 10);
  expect(inflated(sent)).toEqual(long.body);
  const short = frameOf(Buffer.from('{}'));
  expect(deflated(short)).toBe(short);
});

test('inflated() throws for a body that inflates to more than MAX_BODY, or is not deflated', () => {
  const bomb = frameOf(deflateRawSync(Buffer.alloc(MAX_BODY + 1)));
  expect(bomb.body.length).toBeLessThan(2000);
  expect(() => inflated(bomb)).toThrow(/larger than 1048568 bytes/);
  expect(inflated(frameOf(deflateRawSync(Buffer.alloc(MAX_BODY))))).toHaveLength(MAX_BODY);
  expect(() => inflated(frameOf(Buffer.from('{"nodes":[]}')))).toThrow();
});
