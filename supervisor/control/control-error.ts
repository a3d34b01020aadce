import { BoxerError } from '../published/boxer-error.ts';

/**
 * The error of a failed request. `errno` is a name such as `ECONNREFUSED`; it comes from the peer or from
 * this side of the connection.
 */
export class ControlError extends BoxerError {
  get errno(): string {
    return this.code;
  }
}

const ERRNO_NAME = /^E[A-Z0-9]{1,23}$/;

/**
 * Returns a string field of any value; '' if there is none. `instanceof Error` would not do: errors of Node's
 * own modules may belong to another realm.
 */
function textOf(value: unknown, key: 'code' | 'errno' | 'message' | 'name'): string {
  if (typeof value !== 'object' || value === null) return '';
  const field: unknown = Reflect.get(value, key);
  return typeof field === 'string' ? field : '';
}

/** Returns the `code` of an error; '' if it has none. */
export function codeOf(error: unknown): string {
  return textOf(error, 'code');
}

/**
 * Describes any thrown value to a peer: an errno name (`EIO` if there is none) and a message of at most 500
 * characters.
 */
export function describeFailure(error: unknown): { errno: string; message: string } {
  // The abort reason of AbortSignal.timeout() has a number as its code.
  const code = textOf(error, 'name') === 'TimeoutError' ? 'ETIMEDOUT' : codeOf(error);
  const message = textOf(error, 'message') || String(error);
  return { errno: ERRNO_NAME.test(code) ? code : 'EIO', message: message.slice(0, 500) };
}

/** Makes an error of a peer's error body. A malformed body becomes `EIO`. */
export function failureOf(body: unknown): ControlError {
  const errno = textOf(body, 'errno');
  return new ControlError(
    ERRNO_NAME.test(errno) ? errno : 'EIO',
    textOf(body, 'message') || 'no reason given',
  );
}
