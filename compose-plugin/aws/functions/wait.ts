import { waitUntilFunctionActiveV2, waitUntilFunctionUpdatedV2 } from '@aws-sdk/client-lambda';
import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { call, errorName } from '../call.ts';
import type { Aws } from '../connect.ts';
import { readFunction } from './state.ts';

/** Seconds to wait at most. AWS fetches and prepares an image of several GB in a few minutes. */
const MAX_WAIT = 600;
/** Seconds between two requests for the function's state. */
const DELAYS = { minDelay: 1, maxDelay: 5 };

/** Environment variable that sets another number of seconds, for images that take longer. */
export const WAIT_VARIABLE = 'BOXER_AWS_WAIT';

/**
 * Waits until a function can be invoked and changed.
 * @param what `active` after a creation, `updated` after a change
 * @throws BoxerError FUNCTION_STUCK, FUNCTION_FAILED with Lambda's reason
 */
export async function waitFor(
  aws: Aws,
  name: string,
  what: 'active' | 'updated',
  seconds = MAX_WAIT,
): Promise<void> {
  const wait = what === 'active' ? waitUntilFunctionActiveV2 : waitUntilFunctionUpdatedV2;
  const options = { client: aws.lambda, maxWaitTime: seconds, abortSignal: aws.signal, ...DELAYS };
  try {
    await call(aws, 'lambda:GetFunction', () => wait(options, { FunctionName: name }), [
      'TimeoutError',
      'Error',
    ]);
  } catch (error) {
    if (error instanceof BoxerError) throw error;
    if (aws.signal.aborted) throw new BoxerError('CANCELLED', 'cancelled');
    const state = await readFunction(aws, name);
    const why = state?.reason ? `: ${state.reason}` : '';
    if (errorName(error) === 'TimeoutError') {
      throw new BoxerError(
        'FUNCTION_STUCK',
        `function ${name} is still ${state?.state ?? 'unknown'} after ${seconds} s${why}`,
        {
          hint: 'Run the command again: it goes on waiting, and replaces the function if it has failed.',
          cause: error,
        },
      );
    }
    throw new BoxerError('FUNCTION_FAILED', `function ${name} is ${state?.state ?? 'unknown'}${why}`, {
      hint: 'Run the command again: a function that failed is made anew.',
      cause: error,
    });
  }
}
