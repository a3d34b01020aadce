import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { memberOf } from './member-of.ts';

/** The folder of docker's configuration, which also holds the user's plugins. */
export const configFolder = (env: NodeJS.ProcessEnv): string =>
  env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');

/**
 * A value of docker's configuration file; undefined if there is none. Parsed by hand, because zod would be
 * loaded for this alone before the first child is started.
 */
export function configValue(env: NodeJS.ProcessEnv, key: string): unknown {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(configFolder(env), 'config.json'), 'utf8'));
    return memberOf(parsed, key);
  } catch {
    // Most users have no configuration file.
    return undefined;
  }
}
