import type { Docker } from './docker.ts';
import { configValue } from './docker-config.ts';

/** The path of a rootful engine's socket. */
export const USUAL_SOCKET = '/var/run/docker.sock';

/**
 * Whether the user means another engine than docker's default, as far as can be told without asking docker.
 */
export function choosesAnEngine({ flags, env }: Docker): boolean {
  if (flags.length > 0 || env.DOCKER_HOST || env.DOCKER_CONTEXT) return true;
  const context = configValue(env, 'currentContext');
  return typeof context === 'string' && context !== 'default';
}
