import { BoxerError } from '../../supervisor/published/boxer-error.ts';

/** Set by tests and by those who work on it. */
export const UNFINISHED_VARIABLE = 'BOXER_AWS_UNFINISHED';

/**
 * Functions on AWS cannot reach the seed yet: it is on the engine's own networks only. They would start, wait and end, all of it
 * paid for.
 * @throws BoxerError UNFINISHED
 */
export function requireReachableSeed(env: NodeJS.ProcessEnv): void {
  if (env[UNFINISHED_VARIABLE] === '1') return;
  throw new BoxerError(
    'UNFINISHED',
    'replicas on AWS cannot be started yet: functions there do not reach the seed',
    {
      hint: '`docker boxer plan`, `build`, `push` and `iam` work for AWS; `docker boxer up --provider local` runs the project here.',
    },
  );
}
