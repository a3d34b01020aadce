import { constants } from 'node:os';

/**
 * Returns the errno value of a name such as `ECONNREFUSED`; the value of EIO if Node does not know the name.
 */
export function errnoOf(name: string | undefined): number {
  const known: Record<string, number> = constants.errno;
  return (name === undefined ? undefined : known[name]) ?? constants.errno.EIO;
}

/**
 * Returns the errno name of an error: `code` of Node's system errors, `errno` of a peer's errors, ETIMEDOUT
 * for the reason of AbortSignal.timeout(), undefined for others.
 */
export function errnoNameOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  for (const key of ['errno', 'code'] as const) {
    const value: unknown = Reflect.get(error, key);
    if (typeof value === 'string' && /^E[A-Z0-9]+$/.test(value)) return value;
  }
  return Reflect.get(error, 'name') === 'TimeoutError' ? 'ETIMEDOUT' : undefined;
}
