import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { runCompose } from '../compose/command.ts';
import type { Docker } from '../engine/docker.ts';
import { atLeast } from '../engine/versions.ts';

/**
 * The first Compose whose overrides, `!reset` and service-level extensions all work as the rewrite needs
 * them.
 */
export const MINIMUM_COMPOSE = '2.36';

/**
 * @throws BoxerError OLD_COMPOSE. An unknown version is accepted: later errors of Compose explain the cause
 * better.
 */
export async function requireCompose(engine: Docker): Promise<void> {
  const { code, stdout } = await runCompose(engine, {
    args: ['compose', 'version', '--short'],
    env: engine.env,
  });
  const version = stdout.trim();
  if (code !== 0 || !/^v?\d/.test(version) || atLeast(version, MINIMUM_COMPOSE)) return;
  throw new BoxerError('OLD_COMPOSE', `Docker Compose ${version} is too old for Boxer`, {
    hint: `Install version ${MINIMUM_COMPOSE} or later of the Compose plugin.`,
  });
}
