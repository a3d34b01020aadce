import { constants } from 'node:os';

/** The errno value of a name such as `ECONNREFUSED`; that of EIO where Node does not know the name. */
export function errnoOf(name: string | undefined): number {
  const known: Record<string, number> = constants.errno;
  return (name === undefined ? undefined : known[name]) ?? constants.errno.EIO;
}

/**
 * The errno name that an error carries: `code` of Node's system errors, `errno` of a peer's errors, and
 * ETIMEDOUT for AbortSignal.timeout().
 */
export function errnoNameOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  for (const key of ['errno', 'code'] as const) {
    const value: unknown = Reflect.get(error, key);
    if (typeof value === 'string' && /^E[A-Z0-9]+$/.test(value)) return value;
  }
  return Reflect.get(error, 'name') === 'TimeoutError' ? 'ETIMEDOUT' : undefined;
}
