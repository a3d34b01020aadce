import { BoxerError } from '../../supervisor/published/boxer-error.ts';

/** The error, with what is in the account all the same: nobody shall look for it on a bill. */
export function withLeftovers(error: unknown, made: readonly string[]): unknown {
  if (!(error instanceof BoxerError) || made.length === 0) return error;
  const there = `In the account there are: ${made.join(', ')}. The next run goes on from there; \`docker boxer down --functions\` removes them.`;
  const hint = error.hint === undefined ? there : `${error.hint}\n  ${there}`;
  return new BoxerError(error.code, error.message, { hint, cause: error });
}
