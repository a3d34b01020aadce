import * as z from 'zod/mini';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Aws } from './connect.ts';
import { grantFor } from './iam/policies.ts';

/** The fields that errors of the SDK and of Node's sockets have in common. */
const failure = z.looseObject({
  name: z._default(z.string(), 'Error'),
  message: z._default(z.string(), ''),
  code: z.optional(z.unknown()),
  $metadata: z.optional(
    z.looseObject({ httpStatusCode: z.optional(z.number()), attempts: z.optional(z.number()) }),
  ),
});

const EXPIRED = /^(ExpiredToken(Exception)?|TokenRefreshRequired|RequestExpired)$/;
const NO_CREDENTIALS: ReadonlySet<string> = new Set([
  ...['CredentialsProviderError', 'TokenProviderError', 'UnrecognizedClientException'],
  ...['InvalidClientTokenId', 'InvalidSignatureException', 'SignatureDoesNotMatch'],
  ...['MissingAuthenticationToken', 'MissingAuthenticationTokenException', 'IncompleteSignature'],
]);
const DENIED = /^(AccessDenied(Exception)?|UnauthorizedOperation|NotAuthorized)$/;
const THROTTLED =
  /^(TooManyRequestsException|Throttling(Exception)?|RequestLimitExceeded|LimitExceededException|SlowDown)$/;
const UNREACHABLE =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE)$/;

/**
 * Sends one request. An error becomes a BoxerError with a hint for the user; an expected error is rethrown
 * unchanged.
 * @param action the IAM action, such as `lambda:CreateFunction`
 * @param expected names of errors that the caller handles
 * @throws BoxerError CANCELLED, AWS_EXPIRED, AWS_CREDENTIALS, AWS_DENIED, AWS_THROTTLED, AWS_UNAVAILABLE,
 * AWS_UNREACHABLE, AWS
 */
export async function call<T>(
  aws: Aws,
  action: string,
  send: () => Promise<T>,
  expected: readonly string[] = [],
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    const name = errorName(error);
    if (error instanceof BoxerError || (name !== undefined && expected.includes(name))) throw error;
    throw translated(aws, action, error);
  }
}

/** The `name` of an error, if it has one: the SDK distinguishes AWS errors by name. */
export const errorName = (error: unknown): string | undefined =>
  error instanceof Error ? error.name : undefined;

function translated(aws: Aws, action: string, error: unknown): BoxerError {
  if (aws.signal.aborted) return new BoxerError('CANCELLED', 'cancelled');
  const { name, message, code, $metadata } = failure.parse({ ...fields(error) });
  const status = $metadata?.httpStatusCode;
  const with_ = (hint: string) => ({ hint, cause: error });
  if (EXPIRED.test(name)) {
    return new BoxerError(
      'AWS_EXPIRED',
      `${action}: the AWS credentials have expired (${message})`,
      with_('Get new ones, for instance with `aws sso login`, and run the command again.'),
    );
  }
  if (NO_CREDENTIALS.has(name)) {
    return new BoxerError(
      'AWS_CREDENTIALS',
      `${action}: no usable AWS credentials (${message})`,
      with_('Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`.'),
    );
  }
  if (DENIED.test(name) || status === 403) return denied(aws, action, message, error);
  if (THROTTLED.test(name) || status === 429) {
    const tries = $metadata?.attempts === undefined ? '' : ` after ${$metadata.attempts} attempts`;
    return new BoxerError(
      'AWS_THROTTLED',
      `${action}: AWS throttles the calls${tries} (${message || name})`,
      with_('Wait a minute and run the command again: it goes on where it stopped.'),
    );
  }
  if (status !== undefined && status >= 500) {
    return new BoxerError(
      'AWS_UNAVAILABLE',
      `${action}: AWS answered ${status} (${message || name})`,
      with_('Run the command again: it goes on where it stopped.'),
    );
  }
  if (UNREACHABLE.test(String(code)) || name === 'TimeoutError') {
    return new BoxerError(
      'AWS_UNREACHABLE',
      `${action}: ${aws.region} cannot be reached (${message || String(code)})`,
      with_('Is the region spelt right, and does AWS_ENDPOINT_URL, if it is set, name a server that runs?'),
    );
  }
  return new BoxerError('AWS', `${action}: ${name}: ${message}`, { cause: error });
}

/** Prefers the action that AWS names in the message: it can differ from the action that was called. */
function denied(aws: Aws, called: string, message: string, cause: unknown): BoxerError {
  const action = /not authorized to perform: ([\w-]+:\w+)/.exec(message)?.[1] ?? called;
  const policy = JSON.stringify(grantFor(action, aws.scope), undefined, 2)
    .replaceAll(/^/gm, '  ')
    .trimStart();
  return new BoxerError('AWS_DENIED', `the AWS credentials may not ${action} (${message})`, {
    hint: `This policy grants it; \`docker boxer iam\` prints all that Boxer needs:\n  ${policy}`,
    cause,
  });
}

/** The fields of an error as an object: a spread does not copy `name` and `message`. */
function fields(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    name: error.name,
    message: error.message,
    code: Reflect.get(error, 'code'),
    $metadata: Reflect.get(error, '$metadata'),
  };
}
