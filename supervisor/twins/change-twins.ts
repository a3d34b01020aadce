import { DeleteFunctionCommand, InvokeCommand, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import { ensureFunction } from '../launches/invocation/ensure-function.ts';
import { createLambdaClient, type Twin } from '../launches/invocation/lambda-client.ts';
import type { WarmEvent } from '../protocol/launch-event.ts';
import type { TwinsChange } from '../published/twins-change.ts';

/** The event that makes an environment start and do nothing, so that it is ready for a launch. */
const WARM = JSON.stringify({ boxer: 'warm' } satisfies WarmEvent);

/**
 * Makes the functions of `warm`, each with its number of environments that wait for a launch, and deletes the
 * functions of `drop`, whose launches continue to their end. Rejects with an error of the Lambda API after
 * all other work is done.
 */
export async function changeTwins({ warm, drop }: TwinsChange, signal: AbortSignal): Promise<void> {
  const done = await Promise.allSettled([
    ...warm.map(({ twin, environments }) => warmTwin(twin, environments, signal)),
    ...drop.map((twin) => dropFunction(twin, signal)),
  ]);
  for (const one of done) if (one.status === 'rejected') throw one.reason;
}

async function withClient(
  twin: Twin,
  work: (client: ReturnType<typeof createLambdaClient>) => Promise<unknown>,
) {
  const client = createLambdaClient(twin);
  try {
    await work(client);
  } finally {
    client.destroy();
  }
}

const warmTwin = (twin: Twin, environments: number, signal: AbortSignal) =>
  withClient(twin, async (client) => {
    await ensureFunction(client, twin, { signal, say: () => undefined });
    // The events are sent at the same time, because an environment that has answered would take the next
    // event as well.
    const invoke = () =>
      client.send(new InvokeCommand({ FunctionName: twin.functionName, Payload: WARM }), {
        abortSignal: signal,
      });
    await Promise.all(Array.from({ length: environments }, invoke));
  });

const dropFunction = (twin: Twin, signal: AbortSignal) =>
  withClient(twin, (client) =>
    client
      .send(new DeleteFunctionCommand({ FunctionName: twin.functionName }), { abortSignal: signal })
      .catch((error: unknown) => {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }),
  );
