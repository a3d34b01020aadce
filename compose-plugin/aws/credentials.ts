import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { messageOf } from '../../supervisor/published/message-of.ts';
import { AWS_CREDENTIALS } from '../compose/keys.ts';
import type { ProjectSettings } from '../compose/settings.ts';

/** The value of x-boxer.credentials with which phantoms use the credentials of their machine. */
const OF_MACHINE = 'instance';

/** Whether phantoms get a file with credentials. */
export const handsCredentials = ({ credentials }: Pick<ProjectSettings, 'credentials'>): boolean =>
  credentials !== OF_MACHINE;

/**
 * Writes the credentials with which phantoms invoke functions: those of the profile that x-boxer.credentials
 * names, else the caller's. The file is written in place, because running phantoms have it mounted. Every
 * user of the container can read the file; on the host, the mode of the folder keeps other users out.
 * @throws BoxerError AWS_CREDENTIALS
 */
export async function handOver(
  settings: Pick<ProjectSettings, 'credentials'>,
  folder: string,
): Promise<void> {
  const profile = settings.credentials === undefined ? {} : { profile: settings.credentials };
  const client = new LambdaClient(profile);
  try {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await client.config.credentials();
    const file = join(folder, AWS_CREDENTIALS);
    const found = { accessKeyId, secretAccessKey, sessionToken, expiration: expiration?.toISOString() };
    writeFileSync(file, JSON.stringify(found), { mode: 0o644 });
    chmodSync(file, 0o644);
  } catch (cause) {
    const whose = settings.credentials === undefined ? '' : ` of the profile ${settings.credentials}`;
    const why = messageOf(cause);
    throw new BoxerError(
      'AWS_CREDENTIALS',
      `the AWS credentials${whose} for the phantoms cannot be got: ${why}`,
      {
        hint: 'x-boxer.credentials names a profile, or is `instance` for those of the machine.',
        cause,
      },
    );
  } finally {
    client.destroy();
  }
}
