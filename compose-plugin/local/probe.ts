import { SEED_CLOUD_NAME, SEED_PORT } from '../../supervisor/published/node-config.ts';
import { PROBE_SERVICE, type ProbeConfig } from '../../supervisor/published/probe.ts';
import type { LambdaAccess } from '../compose/rewrite/lambda-access.ts';
import { PROBE_MEMORY, PROBE_STORAGE, PROBE_TIMEOUT } from '../project/probe-shape.ts';

/** The probe's function, which runs the runtime's image and is made by the probe, and its way to the seed. */
export function localProbe(
  project: string,
  access: LambdaAccess,
  image: string,
): Pick<ProbeConfig, 'twin' | 'seed'> {
  const shape = {
    imageUri: image,
    memorySize: PROBE_MEMORY,
    timeout: PROBE_TIMEOUT,
    ephemeralStorage: PROBE_STORAGE,
  };
  const twin = {
    ...(access.endpoint === undefined ? {} : { endpoint: access.endpoint }),
    region: access.region,
    functionName: access.functionName(project, PROBE_SERVICE, shape),
    ...shape,
    createIfMissing: true,
  };
  return { twin, seed: { host: SEED_CLOUD_NAME, port: SEED_PORT } };
}
