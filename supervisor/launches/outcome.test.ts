import { expect, test } from '@jest/globals';
import { outcomeOfFailure } from './outcome.ts';

test.each([
  ['Sandbox.Timedout', '2026-01-01T00:00:00Z 1f2e Task timed out after 60.00 seconds', 124],
  ['Runtime.ExitError', 'RequestId: 1 Error: Runtime exited with error: signal: killed', 137],
  ['Runtime.OutOfMemory', 'Out of memory', 137],
  ['Runtime.InvalidEntrypoint', 'RequestId: 1 Error: fork/exec: no such file', 125],
])('%s ends the phantom with a code of its kind', (type, message, exitCode) => {
  const outcome = outcomeOfFailure('shop-api', type, message);
  expect(outcome.exitCode).toBe(exitCode);
  expect(outcome.lastLine).toContain(message);
});
