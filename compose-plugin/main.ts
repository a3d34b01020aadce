import { enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The bundle lies in build/plugin; compiled code is kept beside it.
const here = dirname(fileURLToPath(import.meta.url));
enableCompileCache(join(here, '.cache'));

const { runPlugin } = await import('./cli/run-plugin.ts');
process.exitCode = await runPlugin(process.argv.slice(2), process.env, process.cwd(), join(here, '..', '..'));
