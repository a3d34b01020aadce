import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { protocolPage } from './page.ts';

test('docs/protocol.md is up to date with the messages (script/protocol-docs.mjs writes it)', () => {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  expect(page).toBe(protocolPage());
});
