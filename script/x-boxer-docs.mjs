// Writes what docs/ holds of the schema of x-boxer: the tables of x-boxer.md, and x-boxer.schema.json.
// Tests compare both.
import { readFileSync, writeFileSync } from 'node:fs';
import { schemaText } from '../compose-plugin/schema/json-schema.ts';
import { projectTable, serviceTable } from '../compose-plugin/schema/keys-page.ts';

const page = new URL('../docs/x-boxer.md', import.meta.url);

/** The page with this text between the two comments with this name. */
const withPart = (text, name, part) => {
  const [before, rest] = text.split(`<!-- ${name} -->\n`);
  const after = rest?.split(`<!-- /${name} -->\n`)[1];
  if (after === undefined) throw new Error(`docs/x-boxer.md: no <!-- ${name} --> ... <!-- /${name} -->`);
  return `${before}<!-- ${name} -->\n\n${part}\n<!-- /${name} -->\n${after}`;
};

const text = readFileSync(page, 'utf8');
writeFileSync(
  page,
  withPart(withPart(text, 'keys of a service', serviceTable()), 'keys of the project', projectTable()),
);
writeFileSync(new URL('../docs/x-boxer.schema.json', import.meta.url), schemaText());
