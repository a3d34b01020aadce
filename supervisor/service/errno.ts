import { constants } from 'node:os';

/** The errno value of a symbolic name (`ECONNREFUSED`), EIO where Node knows no such name. */
export function errnoOf(name: string | undefined): number {
  const known: Record<string, number> = constants.errno;
  return (name === undefined ? undefined : known[name]) ?? constants.errno.EIO;
}

/** The errno name that an error carries: of Node's system errors in `code`, of the peer's errors in `errno`; ETIMEDOUT of AbortSignal.timeout(). */
export function errnoNameOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  for (const key of ['errno', 'code'] as const) {
    const value: unknown = Reflect.get(error, key);
    if (typeof value === 'string' && /^E[A-Z0-9]+$/.test(value)) return value;
  }
  return Reflect.get(error, 'name') === 'TimeoutError' ? 'ETIMEDOUT' : undefined;
}
