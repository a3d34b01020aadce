import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { precompile } from '../bundles/bundle.ts';
import { DIRECTORY, runCommand } from './run-command.ts';

/** These run only once, or are smaller than their byte code. */
const WITHOUT = ['precompile.cjs', 'start.cjs'];

/** Writes the byte code of all commands beside them. Runs once, while the runtime image is built. */
void runCommand(async () => {
  const folder = join(DIRECTORY, 'bytecode');
  mkdirSync(folder);
  for (const file of readdirSync(DIRECTORY).sort()) {
    if (!file.endsWith('.cjs') || WITHOUT.includes(file)) continue;
    const byteCode = precompile(join(DIRECTORY, file));
    writeFileSync(join(folder, `${basename(file, '.cjs')}.bin`), byteCode);
  }
  return 0;
});
