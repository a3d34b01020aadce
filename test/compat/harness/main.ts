import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { compareSessions } from './compare.ts';
import { buildImage, packageVersions } from './images.ts';
import { parseKnownDifferences } from './known-differences.ts';
import { loadProgram, type Program, programNames } from './programs.ts';
import { type ProgramRun, runProgram } from './run-program.ts';
import { count } from './session-output.ts';
import { type Result, rowOf, updateTable } from './table.ts';

const DOCUMENT = new URL('../../../docs/compatibility.md', import.meta.url).pathname;
const KNOWN = new URL('../known-differences.yaml', import.meta.url).pathname;

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const summary = (run: ProgramRun): string =>
  `${run.mode} ${count(run.checks, 'passed')}/${run.checks.length} ` +
  `in ${(run.milliseconds / 1000).toFixed(1)} s${run.finished ? '' : ', broke off'}`;

/** Reports on one program, with everything that helps to find the cause of a difference. */
function report(result: Result, verbose: boolean): void {
  const { program, native, boxed, differences } = result;
  const sign = differences.length === 0 ? '✓' : differences.every(({ cause }) => cause) ? '~' : '✗';
  say(`${sign} ${program.name.padEnd(20)} ${summary(native).padEnd(28)} ${summary(boxed)}`);
  for (const { check, native, boxed, cause, detail } of differences) {
    say(`    ${check}: native ${native}, boxed ${boxed}${cause ? ` (${cause})` : ''}`);
    if (!cause || verbose) for (const line of detail) say(`      ${line}`);
  }
  if (verbose) {
    const failed = native.checks.filter(
      ({ name, outcome }) => outcome === 'failed' && !differences.some(({ check }) => check === name),
    );
    for (const { name, detail } of failed)
      say(`    failed in both: ${name}\n      ${detail.join('\n      ')}`);
  }
  if (verbose) for (const run of [native, boxed]) if (run.log) say(`--- ${run.mode}\n${run.log}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      verbose: { type: 'boolean', short: 'v', default: false },
    },
  });
  const known = parseKnownDifferences(readFileSync(KNOWN, 'utf8'), KNOWN);
  const all = programNames();
  const unknown = positionals.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    say(`script/compat: there is no program ${unknown.join(', ')}; the programs are ${all.join(', ')}`);
    return 2;
  }
  const programs = (positionals.length > 0 ? positionals : all).map((name) => loadProgram(name));
  await buildImage('core');
  await buildImage('programs');
  const versions = await packageVersions();

  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  process.once('SIGTERM', () => interrupted.abort(new Error('terminated')));
  const runOne = async (program: Program): Promise<Result> => {
    const native = await runProgram(program, 'native', interrupted.signal);
    const boxed = await runProgram(program, 'boxed', interrupted.signal);
    const differences = compareSessions(native, boxed, known.get(program.name) ?? []);
    return { program, version: versions.get(program.package) ?? '', native, boxed, differences };
  };

  const results: Result[] = [];
  for (const program of programs) {
    const result = await runOne(program);
    report(result, values.verbose);
    results.push(result);
    // The table is written after each program, so that an interruption does not lose the results so far.
    writeFileSync(DOCUMENT, updateTable(readFileSync(DOCUMENT, 'utf8'), [rowOf(result)]));
    if (values.json) {
      mkdirSync(dirname(values.json), { recursive: true });
      writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`);
    }
  }
  const unexplained = results.filter(({ differences }) => differences.some(({ cause }) => !cause));
  const equal = results.filter(({ differences }) => differences.length === 0);
  const explained = results.length - equal.length - unexplained.length;
  say(
    `${results.length} programs: ${equal.length} equal, ${explained} explained, ` +
      `${unexplained.length} not explained`,
  );
  return unexplained.length === 0 ? 0 : 1;
}

process.exitCode = await main();
