// Handlers as anybody writes them for AWS's Node.js runtime; `awslambda` is that runtime's global.
/* global awslambda */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

let invocations = 0;

class Refused extends Error {
  name = 'Refused';
}

/** Does what its event says; answers with what it saw otherwise. */
export const buffered = async (event, context) => {
  invocations++;
  if (event.throw !== undefined) throw new Refused(event.throw);
  if (event.exit !== undefined) process.exit(event.exit);
  if (event.sleep !== undefined) await sleep(event.sleep);
  if (event.letters !== undefined) return 'x'.repeat(event.letters);
  if (event.data !== undefined) return createHash('sha256').update(event.data).digest('hex');
  // biome-ignore lint/suspicious/noConsole: that is how handlers log.
  console.log('seen by the log');
  const { getRemainingTimeInMillis, ...rest } = context;
  return { invocations, remaining: getRemainingTimeInMillis(), context: rest, environment: process.env };
};

/** Writes event.count chunks of event.size letters; fails afterwards if asked to. */
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
