/** The one error class of the project: `message` says what was found and where, `hint` what to do. */
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
