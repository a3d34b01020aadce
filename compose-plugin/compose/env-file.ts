import { existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** Replaces the user's env file in one step, keeping its mode and, where it is a symbolic link, the link. */
export function replaceEnvFile(file: string, text: string | undefined): void {
  if (text === undefined) {
    rmSync(file, { force: true });
    return;
  }
  const there = existsSync(file);
  const target = there ? realpathSync(file) : file;
  const draft = `${target}.${process.pid}.tmp`;
  writeFileSync(draft, text, there ? { mode: statSync(target).mode } : {});
  renameSync(draft, target);
}
