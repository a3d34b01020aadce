import { invalidParameter, notFound } from '../base/lambda-error.ts';

/** The region and account of functions, as parts of an ARN. */
export interface Home {
  readonly region: string;
  readonly account: string;
}

export const FUNCTION_NAME = /^[a-zA-Z0-9-_]{1,64}$/;
/** Every form that AWS accepts: name, partial ARN, ARN, each with or without a qualifier. */
const REFERENCE = new RegExp(
  [
    /^(?:(?:arn:aws[\w-]*:lambda:)?(?:([a-z]{2}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?function:)?/,
    /([a-zA-Z0-9-_]{1,64})(?::(\$LATEST|[\w-]+))?$/,
  ]
    .map(({ source }) => source)
    .join(''),
);

export function functionArn(home: Home, name: string): string {
  return `arn:aws:lambda:${home.region}:${home.account}:function:${name}`;
}

/**
 * The plain function name in `reference`. Throws InvalidParameterValueException if `reference` is not valid,
 * and ResourceNotFoundException for another region, account or version: the only version is `$LATEST`.
 */
export function functionName(home: Home, reference: string, qualifier: string | null): string {
  const match = REFERENCE.exec(reference);
  if (match === null) {
    throw invalidParameter(
      `1 validation error detected: Value '${reference}' at 'functionName' failed to satisfy constraint: ` +
        `Member must satisfy regular expression pattern: ${REFERENCE.source}`,
    );
  }
  const [, region = home.region, account = home.account, name = '', version = qualifier ?? '$LATEST'] = match;
  if (region !== home.region || account !== home.account || version !== '$LATEST') {
    throw notFound(`Function not found: ${functionArn({ region, account }, name)}:${version}`);
  }
  return name;
}
