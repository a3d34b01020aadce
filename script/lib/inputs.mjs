import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** All files below a path, sorted; tests are no input of what is built. A path that is not there has none. */
export const filesBelow = (path) => {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
};

/**
 * SHA-256 in hex over names and contents. Texts stand for what is too big to read: a package's version, say.
 */
export const hashOf = (files, ...texts) => {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`text ${text.length}\n${text}`);
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`file ${file} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
};
