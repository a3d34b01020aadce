// Imports every part of the supervisor once, so that its byte code gets into the compile cache. See assemble.sh.
import { readdir } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';

const chunks = '/opt/boxer/lib/chunks';
for (const name of (await readdir(chunks)).sort()) await import(`${chunks}/${name}`);
flushCompileCache();
process.exit();
