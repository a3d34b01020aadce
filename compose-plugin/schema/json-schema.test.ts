import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { schemaText } from './json-schema.ts';

test('the published schema matches the code (script/x-boxer-docs.mjs writes it)', () => {
  const published = readFileSync(new URL('../../docs/x-boxer.schema.json', import.meta.url), 'utf8');
  expect(published).toBe(schemaText());
});
