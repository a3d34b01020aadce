/**
 * The base class of the project's errors. `message` says what was found and where, and `hint` what to do
 * about it.
 */
export class BoxerError extends Error {
  override readonly name = 'BoxerError';
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
