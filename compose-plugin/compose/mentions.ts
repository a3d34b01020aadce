import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isRemote, type Project } from './project.ts';

/**
 * Whether x-boxer may occur in the project. Searches only the text of the files, so a project without Boxer
 * does not wait for Compose's model. True in doubt: a file names other files, or cannot be read.
 */
export function mayMentionBoxer(project: Project, cwd: string): boolean {
  return project.files.some((file) => {
    if (file === '-' || isRemote(file)) return true;
    try {
      return /x-boxer|\binclude\b|\bextends\b|\\[ux]/.test(readFileSync(resolve(cwd, file), 'utf8'));
    } catch {
      return false;
    }
  });
}
