import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Project } from './project.ts';

/** A digest of the project's files. An override holds the digest of the files from which it was made. */
export function sourcesDigest(project: Project, cwd: string): string {
  const hash = createHash('sha256');
  for (const file of project.files) {
    try {
      hash.update(readFileSync(resolve(cwd, file)));
    } catch {
      hash.update(file);
    }
    hash.update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
