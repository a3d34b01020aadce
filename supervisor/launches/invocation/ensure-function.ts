import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  ResourceConflictException,
} from '@aws-sdk/client-lambda';
import { BoxerError } from '../../published/boxer-error.ts';
import type { Twin } from './lambda-client.ts';
import { whileThrottled } from './throttled.ts';
import { whileAway } from './while-away.ts';

export interface InvocationOptions {
  readonly signal: AbortSignal;
  /** Takes lines for the service's log that explain a delay. */
  readonly say: (line: string) => void;
}

/**
 * Lambda offers no event for a function's state, so the state is polled. These are the first and the longest
 * pause between two polls.
 */
const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 1000;
/** AWS may have to fetch an image of several GB again for a function that has not been invoked for weeks. */
const ACTIVE_TIMEOUT_MS = 600_000;

/** The local Lambda has no IAM, but its API requires a role. */
const LOCAL_ROLE = 'arn:aws:iam::000000000000:role/local';

async function waitUntilActive(client: LambdaClient, twin: Twin, signal: AbortSignal): Promise<void> {
  const end = Date.now() + ACTIVE_TIMEOUT_MS;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    const command = new GetFunctionConfigurationCommand({ FunctionName: twin.functionName });
    const { State, StateReason, LastUpdateStatus } = await client.send(command, { abortSignal: signal });
    if (State === 'Active' && LastUpdateStatus !== 'InProgress') return;
    if (State === 'Failed')
      throw new BoxerError('FUNCTION_FAILED', `function ${twin.functionName}: ${StateReason}`);
    if (Date.now() + wait > end) {
      const seconds = ACTIVE_TIMEOUT_MS / 1000;
      const why = StateReason === undefined ? '' : `: ${StateReason}`;
      throw new BoxerError(
        'FUNCTION_STUCK',
        `function ${twin.functionName} is still ${State} after ${seconds} s${why}`,
      );
    }
    await delay(wait, undefined, { signal });
  }
}

/**
 * Waits until the twin's function can be invoked. Creates the function first where the provider leaves that
 * to phantoms. Several replicas may do so at the same time.
 */
export function ensureFunction(
  client: LambdaClient,
  twin: Twin,
  { signal, say }: InvocationOptions,
): Promise<void> {
  const ensure = async () => {
    if (twin.createIfMissing) await createFunction(client, twin, signal);
    await waitUntilActive(client, twin, signal);
  };
  const what = `function ${twin.functionName}`;
  return whileThrottled(() => whileAway(ensure, signal), { what, say, signal });
}

async function createFunction(client: LambdaClient, twin: Twin, signal: AbortSignal): Promise<void> {
  try {
    const command = new CreateFunctionCommand({
      FunctionName: twin.functionName,
      PackageType: 'Image',
      Code: { ImageUri: twin.imageUri },
      Role: LOCAL_ROLE,
      MemorySize: twin.memorySize,
      Timeout: twin.timeout,
      EphemeralStorage: { Size: twin.ephemeralStorage },
    });
    await client.send(command, { abortSignal: signal });
  } catch (error) {
    if (!(error instanceof ResourceConflictException)) throw error;
  }
}
