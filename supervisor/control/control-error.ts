import { BoxerError } from '../published/boxer-error.ts';

/**
 * A request that failed: `errno` is a name such as `ECONNREFUSED`, from the peer or from this side of the
 * connection.
 */
export class ControlError extends BoxerError {
  get errno(): string {
    return this.code;
  }
}

const ERRNO_NAME = /^E[A-Z0-9]{1,23}$/;

/**
 * A string field of any value, '' where there is none: errors of Node's own modules may belong to another
 * realm.
 */
function textOf(value: unknown, key: 'code' | 'errno' | 'message' | 'name'): string {
  if (typeof value !== 'object' || value === null) return '';
  const field: unknown = Reflect.get(value, key);
  return typeof field === 'string' ? field : '';
}

/** The `code` of an error, '' where there is none. */
export function codeOf(error: unknown): string {
  return textOf(error, 'code');
}

/**
 * What to tell a peer about any thrown value: an errno name (`EIO` where there is none) and a bounded
 * message.
 */
export function describeFailure(error: unknown): { errno: string; message: string } {
  // What AbortSignal.timeout() ends a wait with has a number for its code.
  const code = textOf(error, 'name') === 'TimeoutError' ? 'ETIMEDOUT' : codeOf(error);
  const message = textOf(error, 'message') || String(error);
  return { errno: ERRNO_NAME.test(code) ? code : 'EIO', message: message.slice(0, 500) };
}

/** The error that a peer's error body stands for; a body of another shape is `EIO`. */
export function failureOf(body: unknown): ControlError {
  const errno = textOf(body, 'errno');
  return new ControlError(
    ERRNO_NAME.test(errno) ? errno : 'EIO',
    textOf(body, 'message') || 'no reason given',
  );
}
