import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { composeIdentity, runCompose } from '../compose/command.ts';
import { writeAtomically } from '../compose/write-atomically.ts';
import { atLeast } from '../engine/versions.ts';
import type { Work } from '../project/work.ts';

/**
 * The first Compose whose overrides, `!reset` and service-level extensions all work as the rewrite needs
 * them.
 */
export const MINIMUM_COMPOSE = '2.36';

/** File in the state folder that names the last Compose which was new enough. */
const FILE = 'compose';

/**
 * Asks Compose for its version, once for each installation of it. The state folder must be there.
 * @throws BoxerError OLD_COMPOSE. An unknown version is accepted: later errors of Compose explain the cause
 * better.
 */
export async function requireCompose({ engine, project }: Pick<Work, 'engine' | 'project'>): Promise<void> {
  const file = join(project.folder, FILE);
  const identity = composeIdentity(engine);
  if (identity !== undefined && read(file) === identity) return;
  const { code, stdout } = await runCompose(engine, {
    args: ['compose', 'version', '--short'],
    env: engine.env,
  });
  const version = stdout.trim();
  if (code !== 0 || !/^v?\d/.test(version)) return;
  if (atLeast(version, MINIMUM_COMPOSE)) {
    if (identity !== undefined) writeAtomically(file, identity);
    return;
  }
  throw new BoxerError('OLD_COMPOSE', `Docker Compose ${version} is too old for Boxer`, {
    hint: `Install version ${MINIMUM_COMPOSE} or later of the Compose plugin.`,
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
