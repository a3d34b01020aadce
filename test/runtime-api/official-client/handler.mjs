// Handlers in the form that AWS's Node.js runtime calls. `awslambda` is a global of that runtime.
/* global awslambda */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

let invocations = 0;

class Refused extends Error {
  name = 'Refused';
}

/** Does what its event asks for; without a request it answers with its context and environment. */
export const buffered = async (event, context) => {
  invocations++;
  if (event.throw !== undefined) throw new Refused(event.throw);
  if (event.exit !== undefined) process.exit(event.exit);
  if (event.sleep !== undefined) await sleep(event.sleep);
  if (event.letters !== undefined) return 'x'.repeat(event.letters);
  if (event.data !== undefined) return createHash('sha256').update(event.data).digest('hex');
  // biome-ignore lint/suspicious/noConsole: handlers log to the console.
  console.log('seen by the log');
  const { getRemainingTimeInMillis, ...rest } = context;
  return { invocations, remaining: getRemainingTimeInMillis(), context: rest, environment: process.env };
};

/** Writes event.count chunks of event.size letters. Throws afterwards if the event has `throw`. */
export const streamed = awslambda.streamifyResponse(async (event, output) => {
  output.setContentType('text/plain');
  for (let index = 0; index < event.count; index++) {
    if (!output.write(String(index % 10).repeat(event.size))) {
      await new Promise((resolve) => output.once('drain', resolve));
    }
  }
  if (event.throw !== undefined) throw new Refused(event.throw);
  output.end();
  await output.finished?.();
});
