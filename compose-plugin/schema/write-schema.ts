// Writes docs/x-boxer.schema.json: node compose-plugin/schema/write-schema.ts
import { writeFileSync } from 'node:fs';
import { schemaText } from './json-schema.ts';

writeFileSync(new URL('../../docs/x-boxer.schema.json', import.meta.url), schemaText());
