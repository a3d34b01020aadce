import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MessageType } from './message-type.ts';

test('every message has a number of its own, and a row in the documentation', () => {
  const numbers = Object.values(MessageType);
  expect(new Set(numbers).size).toBe(numbers.length);
  const page = readFileSync(new URL('../../docs/control-network.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| (\d+) \| [a-z-]+ \|/gm)].map(([, number]) => Number(number));
  expect(documented.toSorted((a, b) => a - b)).toEqual(numbers.toSorted((a, b) => a - b));
});
