/**
 * An error of the Lambda API. `type` and `status` are those of the service model, and the caller gets
 * `message`.
 */
export class LambdaError extends Error {
  override readonly name = 'LambdaError';
  readonly type: string;
  readonly status: number;
  /** Further members of the error's body, such as TooManyRequestsException's `Reason`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(type: string, status: number, message: string, details: Record<string, string> = {}) {
    super(message);
    this.type = type;
    this.status = status;
    this.details = details;
  }
}

export const invalidParameter = (message: string) =>
  new LambdaError('InvalidParameterValueException', 400, message);

export const invalidContent = (message: string) =>
  new LambdaError('InvalidRequestContentException', 400, message);

export const notFound = (message: string) => new LambdaError('ResourceNotFoundException', 404, message);

export const conflict = (message: string) => new LambdaError('ResourceConflictException', 409, message);

export const tooLarge = (message: string) => new LambdaError('RequestTooLargeException', 413, message);

/** `reason` is one of the values of the service model's ThrottleReason. */
export const tooManyRequests = (reason: string) =>
  new LambdaError('TooManyRequestsException', 429, 'Rate Exceeded.', { Reason: reason });
