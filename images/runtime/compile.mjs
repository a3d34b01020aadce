// Imports every part of the supervisor once, so that its byte code gets into the compile cache. See
// assemble.sh.
import { readdir } from 'node:fs/promises';
import { enableCompileCache, flushCompileCache } from 'node:module';

const lib = '/opt/boxer/lib';
enableCompileCache(`${lib}/cache`);
for (const name of (await readdir(`${lib}/chunks`)).sort()) await import(`${lib}/chunks/${name}`);

// The entrypoint runs when it is loaded, and ends the process itself.
process.on('exit', () => flushCompileCache());
process.argv.push('version');
await import(`${lib}/start.cjs`);
