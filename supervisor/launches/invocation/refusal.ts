import { BoxerError } from '../../published/boxer-error.ts';

const EXPIRED = /^(ExpiredToken(Exception)?|RequestExpired|CredentialsProviderError)$/;
const UNKNOWN =
  /^(UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException|SignatureDoesNotMatch)$/;
const DENIED = /^AccessDenied(Exception)?$/;

/** What Lambda says against a launch, with what its user can do; anything else as it is. The words end up in the service's own log. */
export function refusalOf(functionName: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof BoxerError) return error;
  const refused = (code: string, what: string, hint: string) =>
    new BoxerError(code, `function ${functionName}: ${what} (${error.message})`, { hint, cause: error });
  if (EXPIRED.test(error.name) || UNKNOWN.test(error.name)) {
    const what = EXPIRED.test(error.name)
      ? 'the credentials for Lambda have expired'
      : 'Lambda does not know the credentials';
    return refused(
      'AWS_CREDENTIALS',
      what,
      '`docker boxer up` hands over new ones; `x-boxer.credentials` says whose.',
    );
  }
  if (DENIED.test(error.name)) {
    const hint = '`docker boxer iam phantom` prints the policy that these credentials need.';
    return refused('AWS_DENIED', 'the credentials may not lambda:InvokeFunction', hint);
  }
  if (error.name === 'ResourceNotFoundException')
    return refused('NO_FUNCTION', 'it is not in the account', '`docker boxer up` makes it.');
  return error;
}
