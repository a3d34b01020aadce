/**
 * The prefix that the launcher (shim-c/launcher.c) gives every variable of the guest, so that none affects
 * this process.
 */
const PREFIX = 'BOXER_GUEST_';

/** The environment that the container's program would have without Boxer. */
export function ownEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment))
    if (name.startsWith(PREFIX) && value !== undefined) own[name.slice(PREFIX.length)] = value;
  return own;
}
