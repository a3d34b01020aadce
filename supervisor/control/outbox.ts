import type { Socket } from 'node:net';

/**
 * The frames that wait to be written to a socket, in order. For each connection, Node's TLS keeps as much
 * memory as the largest write so far, for as long as the connection lives. The outbox therefore writes long
 * frames in pieces, each when the piece before has left.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #piece: number;
  readonly #waiting: Buffer[] = [];
  readonly #onEmpty: () => void;
  readonly #ends: Array<() => void> = [];
  /** Total size of the waiting frames. */
  #bytes = 0;
  #busy = false;
  /** The callback of all writes. Node calls it once for each write, often for many writes in a row. */
  readonly #left = (error?: Error | null) => {
    // After an error the socket closes, and nothing more is to be written.
    if (!error && this.#busy && this.#socket.writableLength === 0) this.#next();
  };

  /**
   * `piece`: maximum number of bytes that the socket may hold at once. `onEmpty` runs when no frame waits any
   * more.
   */
  constructor(socket: Socket, piece: number, onEmpty: () => void) {
    this.#socket = socket;
    this.#piece = piece;
    this.#onEmpty = onEmpty;
  }

  /** Bytes that wait here or in the socket. */
  get queued(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** If true, callers should not put in more for now. */
  get isFull(): boolean {
    return this.#bytes > 0 || this.#socket.writableNeedDrain;
  }

  /** Writes `frame`, or queues it. Returns false if the caller should wait until the outbox is empty. */
  put(frame: Buffer): boolean {
    if (!this.#busy && this.#socket.writableLength + frame.length <= this.#piece)
      return this.#socket.write(frame, this.#left);
    this.#waiting.push(frame);
    this.#bytes += frame.length;
    this.#busy = true;
    if (this.#socket.writableLength === 0) this.#next();
    return false;
  }

  /** Calls `then` when all frames have been handed to the socket. */
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

  /**
   * Takes the next piece from the waiting frames. A piece may hold the end of a long frame and short frames
   * after it.
   */
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
