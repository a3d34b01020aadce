import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { backoff } from '../backoff.ts';
import { ControlError } from '../control-error.ts';
import { readPreface } from '../preface.ts';
import { ResumableStream } from './resumable-stream.ts';
import { COUNT_SIZE, decodeCount, encodeGreeting, ID_SIZE } from './wire.ts';

export interface ResumableOptions {
  /** Opens a connection of which nothing is read; the caller owns it. */
  readonly dial: (signal: AbortSignal) => Promise<Socket>;
  /** Ends the stream. */
  readonly signal: AbortSignal;
  readonly patience?: Partial<Patience> | undefined;
}

/** How long a lost connection is tried to be taken up again, ms. */
interface Patience {
  /** While nobody can be reached. */
  readonly unreachable: number;
  /**
   * From the first time that somebody answered, and did not know the stream. That may be a port forwarding whose program is not
   * there: a seed that is started again on a busy machine takes ten seconds and more.
   */
  readonly refused: number;
}

const PATIENCE: Patience = { unreachable: 60_000, refused: 20_000 };
/** Of one attempt, ms. */
const ANSWER_TIMEOUT = 5000;

/**
 * Opens a stream with `ResumableServer`, and its next connection whenever one is lost, until patience ends:
 * then the stream is destroyed with ControlError ECONNRESET. Rejects where the first connection cannot be
 * made: as `dial`, or ControlError.
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
    // The first answer decides: what later ones allow is later.
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
          new ControlError('ECONNRESET', 'the connection was not taken up again', { cause: error }),
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
