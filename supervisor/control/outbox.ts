import type { Socket } from 'node:net';

/**
 * What is on its way into a socket, in order. Node's TLS keeps, for each connection and for good, as much
 * memory as the most that was ever handed to it at once; so what is long is handed over in pieces, each when
 * the one before has left.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #piece: number;
  readonly #waiting: Buffer[] = [];
  readonly #onEmpty: () => void;
  readonly #ends: Array<() => void> = [];
  /** Of what waits. */
  #bytes = 0;
  #busy = false;
  /** One for all writes: Node calls it for many of them at once. */
  readonly #left = (error?: Error | null) => {
    // A socket that failed closes, and with it everything here ends.
    if (!error && this.#busy && this.#socket.writableLength === 0) this.#next();
  };

  /**
   * `piece`: bytes that may be handed over and not have left; `onEmpty` runs when nothing waits here any
   * more.
   */
  constructor(socket: Socket, piece: number, onEmpty: () => void) {
    this.#socket = socket;
    this.#piece = piece;
    this.#onEmpty = onEmpty;
  }

  /** Bytes that have not left. */
  get queued(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** Nothing more should be put in for now. */
  get isFull(): boolean {
    return this.#bytes > 0 || this.#socket.writableNeedDrain;
  }

  /** False: wait until it is empty. */
  put(frame: Buffer): boolean {
    if (!this.#busy && this.#socket.writableLength + frame.length <= this.#piece)
      return this.#socket.write(frame, this.#left);
    this.#waiting.push(frame);
    this.#bytes += frame.length;
    this.#busy = true;
    if (this.#socket.writableLength === 0) this.#next();
    return false;
  }

  /** Calls `then` when all that was put in has been handed over. */
  whenEmpty(then: () => void): void {
    if (this.#busy) this.#ends.push(then);
    else then();
  }

  #next(): void {
    const piece = this.#takePiece();
    if (piece) {
      this.#socket.write(piece, this.#left);
      return;
    }
    this.#busy = false;
    for (const end of this.#ends.splice(0)) end();
    this.#onEmpty();
  }

  /** The beginning of what waits: the end of a long frame goes with the short ones behind it. */
  #takePiece(): Buffer | undefined {
    const parts: Buffer[] = [];
    for (let room = this.#piece; room > 0; ) {
      const first = this.#waiting[0];
      if (!first) break;
      const part = first.subarray(0, room);
      if (part.length < first.length) this.#waiting[0] = first.subarray(part.length);
      else this.#waiting.shift();
      parts.push(part);
      room -= part.length;
    }
    const piece = parts.length > 1 ? Buffer.concat(parts) : parts[0];
    this.#bytes -= piece?.length ?? 0;
    return piece;
  }
}
