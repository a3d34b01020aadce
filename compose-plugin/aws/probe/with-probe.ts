import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AWS_CREDENTIALS_FILE } from '../../../supervisor/published/node-config.ts';
import type { ProbeConfig } from '../../../supervisor/published/probe.ts';
import { AWS_CREDENTIALS } from '../../compose/keys.ts';
import type { LambdaAccess } from '../../compose/rewrite/lambda-access.ts';
import { PROBE_MEMORY } from '../../project/probe-shape.ts';
import type { ReadProject } from '../../project/project-data.ts';
import type { Consent } from '../../project/purpose.ts';
import type { Work } from '../../project/work.ts';
import { handOver } from '../credentials.ts';
import { withProbeFunction } from './probe-function.ts';

/**
 * Runs `use` with a probe function and with credentials to invoke it, and removes both. Credentials that
 * phantoms of the project use already stay.
 * @throws BoxerError as `withProbeFunction` and `handOver`
 */
export async function withAwsProbe<T>(
  work: Work,
  project: ReadProject,
  { region, endpoint, credentials }: LambdaAccess,
  consent: Consent,
  use: (target: Pick<ProbeConfig, 'twin' | 'seed'>) => Promise<T>,
): Promise<T> {
  const settings = project.annotations.project;
  const { folder } = work.project;
  return withProbeFunction(work, project, consent, async (made) => {
    const file = join(folder, AWS_CREDENTIALS);
    const isInUse = existsSync(file);
    if (credentials) await handOver(settings, folder);
    try {
      const twin = {
        ...{ region, ...made, memorySize: PROBE_MEMORY, createIfMissing: false },
        // The function exists, so these two have no effect.
        ...{ timeout: 0, ephemeralStorage: 0 },
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(credentials ? { credentials: AWS_CREDENTIALS_FILE } : {}),
      };
      if (settings.advertise === undefined)
        work.warn(
          'x-boxer.seed.advertise is not set, so the functions cannot reach the seed, and the ' +
            'network is not measured.',
        );
      return await use({ twin, seed: settings.advertise });
    } finally {
      if (!isInUse) rmSync(file, { force: true });
    }
  });
}
