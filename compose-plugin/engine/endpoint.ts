import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Docker } from './docker.ts';

/** The path of a rootful engine's socket. */
export const USUAL_SOCKET = '/var/run/docker.sock';

const configuration = z.object({ currentContext: z.optional(z.string()) });

/**
 * Whether the user means another engine than docker's default, as far as can be told without asking docker.
 */
export function choosesAnEngine({ flags, env }: Docker): boolean {
  if (flags.length > 0 || env.DOCKER_HOST || env.DOCKER_CONTEXT) return true;
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  try {
    const { currentContext } = configuration.parse(
      JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')),
    );
    return currentContext !== undefined && currentContext !== 'default';
  } catch {
    // Most users have no configuration file.
    return false;
  }
}
