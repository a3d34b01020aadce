import { lookup } from 'node:dns/promises';
import { DeleteFunctionCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { newServiceIdentity, pskOf } from '../control/psk.ts';
import { ensureFunction } from '../launches/invocation/ensure-function.ts';
import { startInvocation } from '../launches/invocation/invoke.ts';
import { createLambdaClient } from '../launches/invocation/lambda-client.ts';
import { messageOf } from '../published/message-of.ts';
import {
  type FunctionReport,
  PROBE_SERVICE,
  type ProbeConfig,
  type ProbeEvent,
  type ProbeOutput,
  probeLine,
} from '../published/probe.ts';
import { newPair } from './seed-side.ts';

const say = (line: string) => void process.stderr.write(`boxer: ${line}\n`);

interface RunOptions {
  readonly config: ProbeConfig;
  /** The key of the service that stands for probes. */
  readonly key: Buffer;
  readonly signal: AbortSignal;
}

/** How long the removal of a function that was created here may take, ms, even after a cancellation. */
const REMOVAL = 10_000;
/** The longest answer that is read, in characters. */
const MAX_ANSWER = 2 ** 20;

/**
 * Invokes two probe functions at the same time, and then two more in warm environments. Creates and removes
 * the Lambda function if the configuration says `createIfMissing`. Rejects with the signal's reason. Errors
 * of functions are part of the output.
 */
export async function runProbes({ config, key, signal }: RunOptions): Promise<ProbeOutput> {
  const client = createLambdaClient(config.twin);
  try {
    const seed = config.seed && { ...config.seed, host: await addressOf(config.seed.host), pair: newPair() };
    const event = (side: 'a' | 'b', part: ProbeEvent['part']): ProbeEvent => {
      const identity = newServiceIdentity(PROBE_SERVICE);
      const credentials = { identity, key: pskOf(key, identity).toString('hex') };
      const { trials, bytes } = config;
      return { side, part, trials, bytes, ...(seed ? { seed: { ...seed, ...credentials } } : {}) };
    };
    const start = (side: 'a' | 'b', part: ProbeEvent['part']) =>
      probe(client, config, event(side, part), signal);
    // The function is created first, so that its creation does not count as part of a start.
    if (config.twin.createIfMissing) await ensureFunction(client, config.twin, { signal, say });
    const answers = await Promise.all([start('a', 'everything'), start('b', 'everything')]);
    // The two are invoked one after the other, as an environment that has just answered may not be ready for
    // the next invocation yet.
    for (const side of ['a', 'b'] as const) answers.push(await start(side, 'start'));
    signal.throwIfAborted();
    return {
      functions: answers.flatMap(({ report }) => (report ? [report] : [])),
      starts: answers.flatMap(({ start }) => (start ? [start] : [])),
      errors: answers.flatMap(({ error }) => (error === undefined ? [] : [error])),
    };
  } finally {
    if (config.twin.createIfMissing) await remove(client, config.twin.functionName);
    client.destroy();
  }
}

/**
 * Resolves the name to one address, as a name may stand for several seeds, and both functions have to meet at
 * the same one. A name that cannot be resolved here is returned unchanged.
 */
async function addressOf(host: string): Promise<string> {
  return lookup(host, { family: 4 }).then(
    ({ address }) => address,
    () => host,
  );
}

interface Answer {
  start?: ProbeOutput['starts'][number];
  report?: FunctionReport;
  error?: string;
}

async function probe(
  client: LambdaClient,
  { twin }: ProbeConfig,
  event: ProbeEvent,
  signal: AbortSignal,
): Promise<Answer> {
  const answer: Answer = {};
  const asked = performance.now();
  try {
    const payload = Buffer.from(JSON.stringify({ boxer: 1, probe: event }));
    const stream = await startInvocation(client, twin, async () => payload, { signal, say });
    let firstByte: number | undefined;
    let text = '';
    for await (const { PayloadChunk, InvokeComplete } of stream) {
      if (PayloadChunk?.Payload) firstByte ??= Math.round(performance.now() - asked);
      text += Buffer.from(PayloadChunk?.Payload ?? []).toString();
      if (text.length > MAX_ANSWER)
        throw new Error('the answer of the function is longer than that of a probe');
      if (InvokeComplete?.ErrorCode)
        answer.error = `${InvokeComplete.ErrorCode}: ${InvokeComplete.ErrorDetails ?? ''}`;
    }
    for (const line of text.split('\n')) read(answer, line, firstByte ?? 0);
    if (!answer.start) answer.error ??= `no answer of a probe: ${text.slice(0, 200)}`;
  } catch (error) {
    signal.throwIfAborted();
    answer.error = messageOf(error);
  }
  return answer;
}

function read(answer: Answer, line: string, firstByte: number): void {
  if (line === '') return;
  const parsed = probeLine.safeParse(JSON.parse(line));
  if (parsed.data?.type === 'report') answer.report = parsed.data.report;
  if (parsed.data?.type === 'started') {
    const { invocation, ms } = parsed.data;
    answer.start = { kind: invocation === 1 ? 'cold' : 'warm', firstByte, process: ms };
  }
}

/**
 * Removes the function, which only this probe uses. An error is ignored: the local Lambda removes the
 * function when it ends.
 */
async function remove(client: LambdaClient, name: string): Promise<void> {
  const command = new DeleteFunctionCommand({ FunctionName: name });
  await client.send(command, { abortSignal: AbortSignal.timeout(REMOVAL) }).catch(() => undefined);
}
