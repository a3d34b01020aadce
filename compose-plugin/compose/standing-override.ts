import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { isIntact } from './intact.ts';
import { mayMentionBoxer } from './mentions.ts';
import type { OverrideContext } from './override-context.ts';
import type { Project } from './project.ts';
import { sourcesDigest } from './sources.ts';

/**
 * The file that makes Compose see what is running, Boxer's own services included: the override of the last `up`,
 * or, where that is missing or of another state of the project, a skeleton that holds names and order only.
 * Undefined: the project has nothing of Boxer, or cannot be read (Compose then says so itself).
 */
export async function standingOverride(context: OverrideContext): Promise<string | undefined> {
  const { project, cwd } = context;
  if (!existsSync(project.folder) && !mayMentionBoxer(project, cwd)) return undefined;
  if (hasIntactOverride(project, cwd)) return project.override;
  if (!existsSync(project.folder)) return undefined;
  const { writeSkeleton } = await import('./skeleton.ts');
  try {
    return await writeSkeleton(context, join(project.folder, 'skeleton.yaml'));
  } catch (error) {
    if (error instanceof BoxerError) return undefined;
    throw error;
  }
}

/** Whether the override file is there, untouched, and made from the files as they are now. */
export function hasIntactOverride(project: Project, cwd: string): boolean {
  try {
    return isIntact(readFileSync(project.override, 'utf8'), sourcesDigest(project, cwd));
  } catch {
    return false;
  }
}
