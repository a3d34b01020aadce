import { BoxerError } from '../../published/boxer-error.ts';

const EXPIRED = /^(ExpiredToken(Exception)?|RequestExpired|CredentialsProviderError)$/;
const UNKNOWN =
  /^(UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException|SignatureDoesNotMatch)$/;
const DENIED = /^AccessDenied(Exception)?$/;

/**
 * Translates an error of Lambda into one that says what the user can do about it; returns any other error
 * unchanged. The message ends up in the service's own log.
 */
export function refusalOf(functionName: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof BoxerError) return error;
  const refused = (code: string, what: string, hint: string) =>
    new BoxerError(code, `function ${functionName}: ${what} (${error.message})`, { hint, cause: error });
  if (EXPIRED.test(error.name) || UNKNOWN.test(error.name)) {
    const what = EXPIRED.test(error.name)
      ? 'the credentials for Lambda have expired'
      : 'Lambda does not accept the credentials';
    return refused(
      'AWS_CREDENTIALS',
      what,
      '`docker boxer up` hands over new ones; `x-boxer.credentials` names the profile that they are taken from.',
    );
  }
  if (DENIED.test(error.name)) {
    const hint = '`docker boxer iam phantom` prints the policy that these credentials need.';
    return refused('AWS_DENIED', 'the credentials may not lambda:InvokeFunction', hint);
  }
  if (error.name === 'ResourceNotFoundException')
    return refused('NO_FUNCTION', 'the account has no such function', '`docker boxer up` creates it.');
  return error;
}
