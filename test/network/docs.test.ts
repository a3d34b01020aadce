import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { transportTable } from './lib/transports.ts';

test('docs/network.md shows the table of transports that matrix.system.test.ts checks', () => {
  const text = readFileSync(new URL('../../docs/network.md', import.meta.url), 'utf8');
  const [, shown] = /<!-- transports -->\n([\s\S]*)<!-- \/transports -->/.exec(text) ?? [];
  expect(shown?.trim()).toBe(transportTable());
});
