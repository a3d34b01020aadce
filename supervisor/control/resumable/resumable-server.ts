import type { Socket } from 'node:net';
import { ControlError } from '../control-error.ts';
import { readPreface } from '../preface.ts';
import { ResumableStream } from './resumable-stream.ts';
import { decodeGreeting, encodeCount, GREETING_SIZE, type Greeting } from './wire.ts';

export interface ResumableServerOptions {
  /** Called with each new stream; the callee owns the stream. */
  readonly onStream: (stream: ResumableStream) => void;
  /** Maximum number of streams at the same time. */
  readonly max: number;
  /** How long a stream waits for its next connection, ms. */
  readonly patience?: number | undefined;
}

/** Longer than the caller goes on trying, ms. */
const PATIENCE = 70_000;
const GREETING_TIMEOUT = 3000;

/** The called side of resumable streams. */
export class ResumableServer {
  readonly #options: ResumableServerOptions;
  readonly #streams = new Map<string, ResumableStream>();

  constructor(options: ResumableServerOptions) {
    this.#options = options;
  }

  /**
   * Takes a connection from which nothing was read: the first one of a new stream, or the next one of a
   * stream that lost its connection. The server owns `socket`. Never rejects.
   */
  async take(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    try {
      const greeting = decodeGreeting(await readPreface(socket, GREETING_SIZE, GREETING_TIMEOUT));
      const stream = this.#find(greeting);
      socket.write(encodeCount(stream.received));
      stream.attach(socket, greeting.received);
    } catch {
      socket.resetAndDestroy();
    }
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.destroy();
  }

  #find({ id, isNew }: Greeting): ResumableStream {
    const key = id.toString('hex');
    const known = this.#streams.get(key);
    if ((known !== undefined) === isNew)
      throw new ControlError('ECONNRESET', isNew ? 'the stream exists already' : 'no such stream');
    return known ?? this.#add(key);
  }

  #add(id: string): ResumableStream {
    const { max, patience = PATIENCE, onStream } = this.#options;
    if (this.#streams.size >= max) throw new ControlError('EAGAIN', `${max} streams exist already`);
    const stream = new ResumableStream();
    this.#streams.set(id, stream);
    let timer: NodeJS.Timeout | undefined;
    stream.on('lost', () => {
      const reason = new ControlError('ECONNRESET', `the client did not reconnect within ${patience} ms`);
      timer = setTimeout(() => stream.giveUp(reason), patience);
    });
    stream.on('attached', () => clearTimeout(timer));
    stream.once('close', () => {
      clearTimeout(timer);
      this.#streams.delete(id);
    });
    onStream(stream);
    return stream;
  }
}
