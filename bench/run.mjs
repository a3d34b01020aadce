// npm run bench -- NAME [--runs N]: runs bench/NAME.ts, which saves its raw samples and a plot in
// bench/results.
import { readdirSync } from 'node:fs';

const here = new URL('.', import.meta.url);
const known = readdirSync(here)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''));
const [name] = process.argv.slice(2);

if (!name || !known.includes(name)) {
  process.stderr.write(`usage: npm run bench -- NAME [--runs N]\nbenchmarks: ${known.join(', ')}\n`);
  process.exit(2);
}
await import(new URL(`${name}.ts`, here).href);
