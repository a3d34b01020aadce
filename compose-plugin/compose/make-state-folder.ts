import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { messageOf } from '../../supervisor/published/message-of.ts';
import type { Project } from './project.ts';

/**
 * File that names the project directory of a state folder, to find state whose directory no longer exists.
 */
export const OWNER_FILE = 'project.json';

/** Makes the project's state folder, readable only by its owner because it holds keys. */
export function makeStateFolder({
  folder,
  directory,
  name,
}: Pick<Project, 'folder' | 'directory' | 'name'>): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const owner = join(folder, OWNER_FILE);
    if (!existsSync(owner)) writeFileSync(owner, `${JSON.stringify({ name, directory })}\n`);
  } catch (cause) {
    throw new BoxerError('FOLDER', `cannot write ${folder}: ${messageOf(cause)}`, {
      hint: 'Boxer keeps keys and the generated override there; XDG_STATE_HOME names another place.',
      cause,
    });
  }
}
