import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, repositoryFiles } from '../lib/repository-files.ts';

/** Every Markdown file of the repository. */
export const documents = repositoryFiles().filter((file) => file.endsWith('.md'));

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
