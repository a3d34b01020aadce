import type { Addon } from '../service/addon.ts';

/**
 * Variable in which the launcher passes the container's descriptor limit, because Node raises its own limit.
 */
const VARIABLE = 'BOXER_NOFILE';

/**
 * Runs `start` under the limits that the container's program has without Boxer. Children that `start` forks
 * inherit them.
 */
export function withOwnLimits<T>(
  addon: Pick<Addon, 'limitDescriptors'>,
  start: () => T,
  environment: NodeJS.ProcessEnv = process.env,
): T {
  const limit = Number(environment[VARIABLE]);
  if (!Number.isSafeInteger(limit)) return start();
  const before = addon.limitDescriptors(limit);
  try {
    return start();
  } finally {
    addon.limitDescriptors(before);
  }
}
