import type { Socket } from 'node:net';

/**
 * What is on its way into a socket, in order. Node's TLS keeps, for each connection and for good, as much memory as the most that
 * was ever handed to it at once; so what is long is handed over in pieces, each when the one before has left.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #piece: number;
  readonly #waiting: Buffer[] = [];
  readonly #onEmpty: () => void;
  readonly #ends: Array<() => void> = [];
  #bytes = 0;
  #busy = false;

  /** `piece`: bytes that may be handed over at once; `onEmpty` runs when nothing waits here any more. */
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
    if (!this.#busy && frame.length <= this.#piece) return this.#socket.write(frame);
    this.#waiting.push(frame);
    this.#bytes += frame.length;
    if (!this.#busy) this.#next();
    return false;
  }

  /** Calls `then` when all that was put in has been handed over. */
  whenEmpty(then: () => void): void {
    if (this.#busy) this.#ends.push(then);
    else then();
  }

  #next(): void {
    const first = this.#waiting.shift();
    this.#busy = first !== undefined;
    if (!first) {
      for (const end of this.#ends.splice(0)) end();
      this.#onEmpty();
      return;
    }
    const piece = first.subarray(0, this.#piece);
    if (first.length > piece.length) this.#waiting.unshift(first.subarray(piece.length));
    this.#socket.write(piece, (error) => {
      this.#bytes -= piece.length;
      // A socket that failed closes, and with it everything here ends.
      if (!error) this.#next();
    });
  }
}
