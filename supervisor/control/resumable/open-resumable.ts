import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { backoff } from '../backoff.ts';
import { ControlError } from '../control-error.ts';
import { readPreface } from '../preface.ts';
import { ResumableStream } from './resumable-stream.ts';
import { COUNT_SIZE, decodeCount, encodeGreeting, ID_SIZE } from './wire.ts';

export interface ResumableOptions {
  /** Opens a connection and reads nothing from it; the caller of `dial` owns the connection. */
  readonly dial: (signal: AbortSignal) => Promise<Socket>;
  /** Aborting ends the stream. */
  readonly signal: AbortSignal;
  readonly patience?: Partial<Patience> | undefined;
}

/** How long the caller tries to replace a lost connection, ms. */
interface Patience {
  /** The limit while no dial succeeds. */
  readonly unreachable: number;
  /**
   * The limit from the first peer that accepted a connection but did not continue the stream. Such a peer may
   * be a port forwarding whose program is not running: on a busy machine, a seed takes ten seconds or more to
   * start again.
   */
  readonly refused: number;
}

const PATIENCE: Patience = { unreachable: 60_000, refused: 20_000 };
/** Time limit of each step of an attempt: the dial, then the answer to the greeting; ms. */
const ANSWER_TIMEOUT = 5000;

/**
 * Opens a stream to a `ResumableServer`, and replaces its connection whenever one is lost. When patience
 * ends, the stream is destroyed with ControlError ECONNRESET. If the first connection fails, rejects with the
 * error of `dial` or with ControlError.
 */
export async function openResumable(options: ResumableOptions): Promise<ResumableStream> {
  const { dial, signal } = options;
  const patience = { ...PATIENCE, ...options.patience };
  const id = randomBytes(ID_SIZE);
  const stream = new ResumableStream();

  async function connect(isNew: boolean, onAnswered: () => void = () => undefined): Promise<void> {
    const socket = await dial(AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT)]));
    onAnswered();
    try {
      socket.write(encodeGreeting({ id, isNew, received: stream.received }));
      const count = decodeCount(await readPreface(socket, COUNT_SIZE, ANSWER_TIMEOUT));
      signal.throwIfAborted();
      stream.attach(socket, count);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  async function takeUp(): Promise<void> {
    let until = performance.now() + patience.unreachable;
    // Only the first answer can shorten the limit; a later answer would set a later one.
    const answered = () => {
      until = Math.min(until, performance.now() + patience.refused);
    };
    for (let attempt = 0; !stream.destroyed; attempt += 1) {
      try {
        await backoff(attempt, signal);
        return await connect(false, answered);
      } catch (error) {
        if (!signal.aborted && performance.now() < until) continue;
        stream.giveUp(
          new ControlError('ECONNRESET', 'the connection could not be resumed', { cause: error }),
        );
      }
    }
  }

  await connect(true);
  const abort = () => void stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', abort));
  stream.on('lost', () => void takeUp());
  return stream;
}
