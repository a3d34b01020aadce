import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';

/** Makes `.boxer`: it holds keys, so it is the owner's alone, and nothing of it belongs into a repository. */
export function makeBoxerFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const ignore = join(folder, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  } catch (cause) {
    throw new BoxerError(
      'FOLDER',
      `cannot write ${folder}: ${cause instanceof Error ? cause.message : cause}`,
      {
        hint: 'Boxer keeps keys and the generated override there; the project directory must be writable.',
        cause,
      },
    );
  }
}

/** Replaces a file in one step: a reader, or an interruption, sees the old one or the new one. */
export function writeAtomically(file: string, content: string): void {
  const draft = join(dirname(file), `.${process.pid}.tmp`);
  writeFileSync(draft, content);
  renameSync(draft, file);
}
