// npm run soak: makes many connections over every transport while nodes, seed and relay are killed and links
// lose packets. Requires root and script/bootstrap --with-tests. Options: `--seconds N` limits the whole run
// (default: 600), and `--scale F` multiplies all amounts (default: 1).
import { parseArgs } from 'node:util';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, scale: { type: 'string', default: '1' } },
});
const [seconds, scale] = [Number(values.seconds), Number(values.scale)];
if (!(seconds > 0) || !(scale > 0)) {
  process.stderr.write('soak: --seconds and --scale must be numbers above 0\n');
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
