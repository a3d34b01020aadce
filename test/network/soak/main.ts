/**
 * npm run soak: many connections through every transport while nodes, seed and relay are killed and lines
 * lose. Needs root and script/bootstrap --with-tests. Options: --seconds N (600) it may take at most, --scale
 * F (1) of the full amounts.
 */
import { parseArgs } from 'node:util';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, scale: { type: 'string', default: '1' } },
});
const [seconds, scale] = [Number(values.seconds), Number(values.scale)];
if (!(seconds > 0) || !(scale > 0)) {
  process.stderr.write('soak: --seconds and --scale are numbers above 0\n');
  process.exit(2);
}

const stop = new AbortController();
const timer = setTimeout(() => stop.abort(new Error(`not done in ${seconds} s`)), seconds * 1000);
process.once('SIGINT', () => stop.abort(new Error('interrupted')));
const checks = await soak({ scale, signal: stop.signal, print: (line) => process.stdout.write(`${line}\n`) });
clearTimeout(timer);
const failed = checks.filter(({ problems }) => problems.length > 0);
process.stdout.write(`${checks.length - failed.length} passed, ${failed.length} failed\n`);
process.exit(failed.length === 0 ? 0 : 1);
