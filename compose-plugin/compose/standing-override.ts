import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { containerIds } from '../engine/ids.ts';
import { isIntact } from './intact.ts';
import { makeStateFolder } from './make-state-folder.ts';
import { mayMentionBoxer } from './mentions.ts';
import type { OverrideContext } from './override-context.ts';
import type { Project } from './project.ts';
import { sourcesDigest } from './sources.ts';
import { standingName } from './standing-name.ts';

/**
 * The file that makes Compose see what is running, Boxer's own services included: the override of the last
 * `up`, or, where that is missing or of another state of the project, a skeleton that holds names and order
 * only. Undefined: the project has nothing of Boxer, or cannot be read (Compose then says so itself).
 */
export async function standingOverride(context: OverrideContext): Promise<string | undefined> {
  const { project, cwd } = context;
  if (hasIntactOverride(project, cwd)) return project.override;
  if (!(await isStanding(context))) return undefined;
  try {
    return await standingSkeleton(context);
  } catch (error) {
    if (error instanceof BoxerError) return undefined;
    throw error;
  }
}

/** Writes the skeleton into the state folder. @throws BoxerError FOLDER, MODEL */
export async function standingSkeleton(context: OverrideContext): Promise<string> {
  const { writeSkeleton } = await import('./skeleton.ts');
  makeStateFolder(context.project);
  return writeSkeleton(context, join(context.project.folder, 'skeleton.yaml'));
}

/**
 * Whether the project has a state folder, or containers of a call with another state folder: a call of
 * another user, or a call before the project was moved.
 */
export async function isStanding(context: OverrideContext): Promise<boolean> {
  const { project, cwd, engine } = context;
  if (existsSync(project.folder)) return true;
  if (!mayMentionBoxer(project, cwd)) return false;
  const label = `label=com.docker.compose.project=${await standingName(context)}`;
  const found = await containerIds(engine, label, 'label=io.boxer.role').catch((error: unknown) => {
    // Without an engine nothing stands, and the verb that needs one says so.
    if (error instanceof BoxerError && error.code !== 'CANCELLED') return [];
    throw error;
  });
  return found.length > 0;
}

/** Whether the override file is there, untouched, and made from the files as they are now. */
export function hasIntactOverride(project: Project, cwd: string): boolean {
  try {
    return isIntact(readFileSync(project.override, 'utf8'), sourcesDigest(project, cwd));
  } catch {
    return false;
  }
}
