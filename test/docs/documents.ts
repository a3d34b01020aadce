import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The files that git knows or would add and that match a pattern of git's, relative to the root of the
 * repository.
 */
export function repositoryFiles(...patterns: string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', ...patterns], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed.split('\n').filter((file) => file !== '' && existsSync(join(ROOT, file)));
}

/** Every Markdown file of the repository. */
export const documents = repositoryFiles('*.md');

const FENCE = /^\s*(```|~~~)/;

/** The lines of a text outside fenced code; a line inside of it is empty, so that line numbers stay right. */
export function prose(text: string): string[] {
  let fenced = false;
  return text.split('\n').map((line) => {
    if (FENCE.test(line)) {
      fenced = !fenced;
      return '';
    }
    return fenced ? '' : line;
  });
}

/** The lines of a document outside fenced code. */
export const proseOf = (file: string): string[] => prose(readFileSync(join(ROOT, file), 'utf8'));
