import { loadFunctionRuntime } from '../function/load-function-runtime.ts';
import { runFunction } from '../function/run-function.ts';
import { DIRECTORY, runCommand } from './run-command.ts';

/** The Lambda runtime: runs one launch for each invocation. Ends only by an error. */
void runCommand(async () => {
  const authority = process.env.AWS_LAMBDA_RUNTIME_API ?? '';
  return runFunction(await loadFunctionRuntime(DIRECTORY, authority), authority);
});
