import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { schemaText } from './json-schema.ts';

test('the published schema is that of the code (else: node compose-plugin/schema/write-schema.ts)', () => {
  const published = readFileSync(new URL('../../docs/x-boxer.schema.json', import.meta.url), 'utf8');
  expect(published).toBe(schemaText());
});
