import type { ProbeConfig } from '../../supervisor/published/probe.ts';
import { PROBE_SERVICE } from '../../supervisor/published/probe.ts';
import { functionName } from '../../supervisor/published/twin-names.ts';
import type { LambdaAccess } from '../compose/rewrite/lambda-access.ts';

/** MB with which a function has one vCPU. */
export const PROBE_MEMORY = 1769;
/** seconds; a probe that reaches nothing waits for most of this time */
export const PROBE_TIMEOUT = 180;
/** MB */
export const PROBE_STORAGE = 512;

const shape = (imageUri: string) => ({
  imageUri,
  memorySize: PROBE_MEMORY,
  timeout: PROBE_TIMEOUT,
  ephemeralStorage: PROBE_STORAGE,
});

/** The probe function of the local Lambda, which runs the runtime's image. */
export function localProbe(project: string, access: LambdaAccess, image: string): ProbeConfig['twin'] {
  return {
    ...(access.endpoint === undefined ? {} : { endpoint: access.endpoint }),
    region: access.region,
    functionName: functionName(project, PROBE_SERVICE, shape(image)),
    ...shape(image),
    createIfMissing: true,
  };
}
