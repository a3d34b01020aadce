import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { replaceEnvFile } from '../compose/env-file.ts';
import { unlinkEnv } from '../compose/env-link.ts';
import { isOverridePath } from '../compose/state-folder.ts';
import type { Context } from './context.ts';

/** `unlink`: restores `.env` as it was before `link`, byte for byte. */
export async function unlink({ engine, project, print, warn }: Context): Promise<number> {
  const file = join(project.directory, '.env');
  const old = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const { text, linked } = unlinkEnv(old);
  if (linked) replaceEnvFile(file, text);
  print(linked ? `Unlinked: ${file} is as it was.` : 'Not linked.');
  if (engine.env.COMPOSE_FILE?.split(delimiter).some(isOverridePath)) {
    warn('docker boxer: COMPOSE_FILE of this shell still names the override: unset it.');
  }
  return 0;
}
