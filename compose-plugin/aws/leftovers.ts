import { BoxerError } from '../../supervisor/published/boxer-error.ts';

/**
 * Adds to the error's hint which resources exist in the account, so that the user need not find them on the
 * bill.
 */
export function withLeftovers(error: unknown, made: readonly string[]): unknown {
  if (!(error instanceof BoxerError) || made.length === 0) return error;
  const there =
    `In the account there are: ${made.join(', ')}. The next run goes on from there; ` +
    `\`docker boxer down --functions\` removes them.`;
  const hint = error.hint === undefined ? there : `${error.hint}\n  ${there}`;
  return new BoxerError(error.code, error.message, { hint, cause: error });
}
