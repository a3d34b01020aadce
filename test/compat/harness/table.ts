import { type Difference, END } from './compare.ts';
import type { Program } from './programs.ts';
import type { ProgramRun } from './run-program.ts';
import { count } from './session-output.ts';

/** The results of the native and the boxed run of a program. */
export interface Result {
  readonly program: Program;
  readonly version: string;
  readonly native: ProgramRun;
  readonly boxed: ProgramRun;
  readonly differences: readonly Difference[];
}

const HEAD = '| program | version | what | native passed / failed | boxed passed / failed | |';
const RULE = '| --- | --- | --- | --: | --: | --- |';

const tally = (run: ProgramRun): string => {
  const skipped = count(run.checks, 'skipped');
  const counts = `${count(run.checks, 'passed')} / ${count(run.checks, 'failed')}`;
  return `${counts}${skipped > 0 ? `, ${skipped} skipped` : ''}${run.finished ? '' : ', broke off'}`;
};

/** Says in a few words whether the runs are equal, or which checks differ and why. */
function noteOf(differences: readonly Difference[]): string {
  if (differences.length === 0) return 'equal';
  const groups = Map.groupBy(differences, ({ cause }) => cause ?? 'not explained');
  return [...groups]
    .map(([cause, group]) => {
      const names = group
        .filter(({ check }) => check !== END || group.length === 1)
        .map(({ check }) => check);
      const shown = names.length > 3 ? `${names.length} checks` : names.join(', ');
      return `${shown}: ${cause}`;
    })
    .join('; ');
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export function rowOf({ program, version, native, boxed, differences }: Result): string {
  const cells = [program.title, version, program.what, tally(native), tally(boxed), noteOf(differences)];
  return `| ${cells.map(cell).join(' | ')} |`;
}

/**
 * Puts rows into the table of a Markdown text, in alphabetical order. A row replaces the row that begins with
 * the same cell. Throws if the text has no such table.
 */
export function updateTable(markdown: string, rows: readonly string[]): string {
  const lines = markdown.split('\n');
  const start = lines.indexOf(HEAD);
  if (start < 0 || lines[start + 1] !== RULE) throw new Error(`no table that begins with ${HEAD}`);
  let end = start + 2;
  while (lines[end]?.startsWith('|')) end++;
  const firstCell = (row: string) => row.split(' | ')[0] ?? '';
  const byName = new Map([...lines.slice(start + 2, end), ...rows].map((row) => [firstCell(row), row]));
  const sorted = [...byName].sort(([a], [b]) => a.localeCompare(b, 'en')).map(([, row]) => row);
  return [...lines.slice(0, start + 2), ...sorted, ...lines.slice(end)].join('\n');
}
