import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Replaces a file in one step: a reader sees the old or the new content, even after an interruption. */
export function writeAtomically(file: string, content: string): void {
  const draft = join(dirname(file), `.${process.pid}.tmp`);
  writeFileSync(draft, content);
  renameSync(draft, file);
}
