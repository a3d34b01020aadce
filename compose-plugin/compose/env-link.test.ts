import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { linkEnv, unlinkEnv } from './env-link.ts';

test('linkEnv() keeps other lines and line endings', () => {
  const text = '# mine\r\nA=1\r\nCOMPOSE_FILE=old.yaml\r\nB=2';
  const linked = linkEnv(text, 'compose.yaml:.boxer/override.yaml');
  expect(linked.startsWith('# mine\r\nA=1\r\n')).toBe(true);
  expect(linked.endsWith('\r\nCOMPOSE_FILE=compose.yaml:.boxer/override.yaml\r\n')).toBe(true);
  expect(unlinkEnv(linked)).toEqual({ text, linked: true });
});

test('unlinkEnv() gives no text if linkEnv() made the file', () => {
  expect(unlinkEnv(linkEnv(undefined, 'a'))).toEqual({ text: undefined, linked: true });
  expect(unlinkEnv(linkEnv('', 'a'))).toEqual({ text: '', linked: true });
});

test('unlinkEnv() keeps lines that the user wrote after the link line', () => {
  expect(unlinkEnv(`${linkEnv(undefined, 'a')}C=3\n`)).toEqual({ text: 'C=3\n', linked: true });
});

test('unlink undoes link byte for byte, for any file', () => {
  const piece = fc.constantFrom(
    'A=1',
    'COMPOSE_FILE=',
    'export COMPOSE_FILE = x',
    '#',
    ' ',
    '\n',
    '\r\n',
    '\r',
    '"',
    'ü',
    '=',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('');
      expect(unlinkEnv(linkEnv(text, 'a b:$c'))).toEqual({ text, linked: true });
      expect(unlinkEnv(text)).toEqual({ text, linked: false });
    }),
    { numRuns: 500 },
  );
});
