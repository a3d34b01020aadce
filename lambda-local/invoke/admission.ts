import { conflict, tooManyRequests } from '../base/lambda-error.ts';
import type { FunctionRecord } from '../functions/function-record.ts';
import type { Functions } from '../functions/functions.ts';

/**
 * Counts one more execution of `record` and returns a function that ends the count. Throws
 * TooManyRequestsException when the function's reserved concurrency, or the account's unreserved concurrency,
 * is in use.
 */
export function admit(record: FunctionRecord, functions: Functions, accountConcurrency: number): () => void {
  if (record.state !== 'Active') {
    throw conflict(
      'The operation cannot be performed at this time. The function is currently in the following state: ' +
        record.state,
    );
  }
  const { reservedConcurrency } = record;
  if (reservedConcurrency !== undefined) {
    if (record.running >= reservedConcurrency) {
      throw tooManyRequests('ReservedFunctionConcurrentInvocationLimitExceeded');
    }
  } else {
    const unreserved = functions.list().filter((each) => each.reservedConcurrency === undefined);
    const running = unreserved.reduce((sum, each) => sum + each.running, 0);
    if (running >= accountConcurrency - functions.reserved()) {
      throw tooManyRequests('ConcurrentInvocationLimitExceeded');
    }
  }
  record.running++;
  return () => {
    record.running--;
  };
}
