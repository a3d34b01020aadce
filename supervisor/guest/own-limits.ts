import type { Addon } from '../service/addon.ts';

/** How many descriptors a process of the container could have, from the launcher: Node has raised the limit meanwhile. */
const VARIABLE = 'BOXER_NOFILE';

/** Runs `start` under the limits that the container's program would have without Boxer: a child that it forks inherits them. */
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
