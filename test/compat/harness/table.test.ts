import { expect, test } from '@jest/globals';
import { rowOf, updateTable } from './table.ts';

const run = {
  mode: 'native',
  milliseconds: 1,
  log: '',
  finished: true,
  checks: [
    { name: 'a', outcome: 'passed', detail: [] },
    { name: 'b', outcome: 'failed', detail: [] },
  ],
} as const;
const program = { name: 'redis', title: 'redis', package: 'redis', what: 'get|set', seconds: 60 };

const TABLE = `before

| program | version | what | native passed / failed | boxed passed / failed | |
| --- | --- | --- | --: | --: | --- |
| nginx | 1 | w | 1 / 0 | 1 / 0 | equal |
| redis | 1 | w | 1 / 0 | 1 / 0 | equal |

after`;

test('a row counts the checks of the native and the boxed run, and says whether they are equal', () => {
  const row = rowOf({ program, version: '7', native: run, boxed: run, differences: [] });
  expect(row).toBe('| redis | 7 | get\\|set | 1 / 1 | 1 / 1 | equal |');
});

test('a row names the checks that differ and their cause', () => {
  const boxed = { ...run, mode: 'boxed', finished: false, checks: run.checks.slice(0, 1) } as const;
  const difference = {
    check: 'b',
    native: 'failed',
    boxed: 'missing',
    cause: 'no disk',
    detail: [],
  } as const;
  const row = rowOf({ program, version: '7', native: run, boxed, differences: [difference] });
  expect(row).toBe('| redis | 7 | get\\|set | 1 / 1 | 1 / 0, broke off | b: no disk |');
});

test('updateTable() replaces rows of the same name, sorts new rows in, and keeps all other text', () => {
  const updated = updateTable(TABLE, ['| redis | 2 | new |', '| perl | 5 | new |']);
  expect(updated).toBe(
    TABLE.replace('| redis | 1 | w | 1 / 0 | 1 / 0 | equal |', '| perl | 5 | new |\n| redis | 2 | new |'),
  );
});

test('updateTable() refuses a text without the table', () => {
  expect(() => updateTable('nothing', [])).toThrow('no table');
});
