import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isRemote, type Project } from './project.ts';

/**
 * Whether x-boxer may occur in the project. Reads text only: a project that says nothing of Boxer pays a file
 * read, not a model. True in doubt (other files are pulled in, or a file cannot be read here).
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
