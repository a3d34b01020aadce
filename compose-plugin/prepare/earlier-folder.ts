import { copyFileSync, existsSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../supervisor/published/message-of.ts';
import { EARLIER_FOLDER } from '../compose/state-folder.ts';
import { errorCode } from '../engine/error-code.ts';
import { PROVIDER_NOTE } from '../project/effective-provider.ts';
import { LAST_PROBE } from '../project/last-probe.ts';
import type { Work } from '../project/work.ts';
import { providers } from '../provider/providers.ts';

/** Files to keep: the resources in the accounts of providers, the provider, and the last probe. */
export const NOTES = [...providers.flatMap(({ account }) => account?.note ?? []), PROVIDER_NOTE, LAST_PROBE];

const REPLACED = [
  ...['key', 'keys', 'aws-credentials.json', 'override.yaml', 'skeleton.yaml', 'probe.yaml'],
  ...['change.lock', 'up.lock', '.gitignore'],
];

/**
 * Removes the state folder of an earlier version from the project directory. Its keys are replaced and not
 * moved, because they may be in images and were readable through bind mounts.
 */
export function removeEarlierFolder({ project, warn }: Pick<Work, 'project' | 'warn'>): void {
  const earlier = join(project.directory, EARLIER_FOLDER);
  const isOurs = ['key', 'override.yaml', 'skeleton.yaml'].some((name) => existsSync(join(earlier, name)));
  if (!isOurs) return;
  try {
    for (const name of NOTES) {
      const [from, to] = [join(earlier, name), join(project.folder, name)];
      if (existsSync(from) && !existsSync(to)) copyFileSync(from, to);
    }
    for (const name of [...REPLACED, ...NOTES]) rmSync(join(earlier, name), { recursive: true, force: true });
    rmdirSync(earlier);
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY') {
      const why = messageOf(error);
      warn(`docker boxer: ${earlier} holds keys of an earlier version and cannot be removed: ${why}`);
      return;
    }
  }
  warn(
    `docker boxer: keys and override are in ${project.folder} now, and there is a new key. The one ` +
      `that was in ${earlier} may lie in images that were built with COPY of this folder: it opens ` +
      `nothing of containers that were started since.`,
  );
}
