// run-tests.mjs RESULT [JEST ARGUMENT]...: runs jest and writes its JSON to the file RESULT. When a few test
// files failed, they run a second time, one file at a time, and the second result counts for them.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { countTests, filesToRepeat, withSecondRun } from './test-results.mjs';

const JEST = fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url));
const [file, ...patterns] = process.argv.slice(2);

/**
 * For docker, Compose and buildx, which tests start thousands of times and which end after a moment: these are
 * programs in Go, and to look for garbage and to spread over processors takes a seventh of their CPU time.
 * Those that run for longer stay below a limit of memory.
 */
const SHORT_LIVED = { GOGC: 'off', GOMEMLIMIT: '512MiB', GOMAXPROCS: '1' };

/** Runs jest, and returns its exit code and its JSON; undefined: it wrote none. */
const jest = (output, ...args) => {
  writeFileSync(output, '');
  const { status } = spawnSync(
    process.execPath,
    ['--experimental-vm-modules', '--no-warnings', JEST, '--json', `--outputFile=${output}`, ...args],
    // The results also go to stdout; the progress goes to stderr.
    { stdio: ['inherit', 'ignore', 'inherit'], env: { ...SHORT_LIVED, ...process.env } },
  );
  const text = readFileSync(output, 'utf8');
  return { status: status ?? 1, result: text === '' ? undefined : JSON.parse(text) };
};

const first = jest(file, ...patterns);
process.exitCode = first.status;
// Options such as `-t` choose tests inside of files, and whoever gives them is looking at these already.
const chosen = patterns.some((argument) => argument.startsWith('-'));
const repeated = first.result === undefined || chosen ? [] : filesToRepeat(first.result);
if (repeated.length > 0) {
  process.stdout.write('== again, one file at a time\n');
  const second = jest(`${file}.again`, '--runInBand', '--runTestsByPath', ...repeated);
  rmSync(`${file}.again`);
  if (second.result !== undefined) {
    const merged = withSecondRun(first.result, second.result);
    writeFileSync(file, JSON.stringify(merged));
    process.exitCode = countTests([merged]).failed === 0 ? second.status : 1;
  }
}
