import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { projectTable, serviceTable } from './keys-page.ts';

const page = readFileSync(new URL('../../docs/x-boxer.md', import.meta.url), 'utf8');

/** The text of the page between the two comments with this name. */
const shown = (name: string): string | undefined =>
  page.split(`<!-- ${name} -->\n\n`)[1]?.split(`\n<!-- /${name} -->`)[0];

test("docs/x-boxer.md shows the schema's keys of a service (script/x-boxer-docs.mjs writes them)", () =>
  expect(shown('keys of a service')).toBe(serviceTable()));

test("docs/x-boxer.md shows the schema's keys of a project (script/x-boxer-docs.mjs writes them)", () =>
  expect(shown('keys of the project')).toBe(projectTable()));

test('a key inside a mapping has a row of its own, with its range and its default', () => {
  expect(serviceTable()).toContain('| `wait-for.timeout` | 1 to 900 or amount | 60 | Seconds after which');
  expect(serviceTable()).toContain('| `renew` | `false` or mapping | a successor starts |');
});
