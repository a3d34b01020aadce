// Tests readers of foreign bytes with random inputs. Inputs that reach new code are varied further.
// Usage: node test/fuzz/fuzz.ts [--seconds N] [--inputs N] [--seed N] [TARGET]...
// If a reader fails on an input, the input is written to the folder for temporary files, and the exit code
// is 1.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { explore } from './explore.ts';
import { planted } from './planted.ts';
import { targets } from './targets.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    inputs: { type: 'string', default: 'Infinity' },
    seed: { type: 'string' },
  },
});
/** The files of which coverage is measured. zod is among them, because schemas read the events. */
const UNDER_TEST = /\/supervisor\/|\/zod\/|\/planted\.ts/;
const limit = { ms: Number(values.seconds) * 1000, inputs: Number(values.inputs) };
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
for (const name of positionals.length > 0 ? positionals : Object.keys(targets)) {
  const target = name === 'planted' ? planted : targets[name];
  if (!target) {
    process.stderr.write(`there is no target ${name}; the targets are ${Object.keys(targets).join(', ')}\n`);
    process.exit(2);
  }
  const found = explore(target, UNDER_TEST, limit, seed);
  const { runs, corpus, features, failure } = found;
  process.stdout.write(`${name}: ${runs} inputs, ${corpus} kept, ${features} features, seed ${seed}\n`);
  if (!failure) continue;
  const file = join(tmpdir(), `boxer-fuzz-${name}-${process.pid}`);
  writeFileSync(file, failure.input);
  process.stderr.write(`${name} fails on ${file}: ${failure.error}\n`);
  process.exitCode = 1;
}
