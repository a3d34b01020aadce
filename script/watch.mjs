// watch.mjs FOLDER COMMAND [ARGUMENT]...: runs the command, and again whenever a file below the folder has
// changed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A save makes several events, and an editor saves several files. */
const GATHER_MS = 50;

const [folder, command, ...args] = process.argv.slice(2);
if (command === undefined) {
  process.stderr.write('usage: watch.mjs FOLDER COMMAND [ARGUMENT]...\n');
  process.exit(2);
}

let changed = Promise.withResolvers();
watch(folder, { recursive: true }, () => changed.resolve());

for (;;) {
  // A change while the command runs starts it once more.
  changed = Promise.withResolvers();
  const [code] = await once(spawn(command, args, { stdio: 'inherit' }), 'close');
  process.stdout.write(`== ${code === 0 ? 'passed' : 'failed'}: waiting for changes in ${folder}\n`);
  await changed.promise;
  await delay(GATHER_MS);
}
