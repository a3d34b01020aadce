import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { ControlError } from '../control-error.ts';
import { type Frame, FrameDecoder } from '../frame.ts';
import { decodeCount, encodeCount, encodeStreamFrame, MAX_DATA, StreamFrame } from './wire.ts';

/**
 * Maximum number of bytes that are kept until the other side acknowledges them; beyond that, writers wait.
 */
const WINDOW = 1_048_576;

/** A part of the stream that is kept until the other side acknowledges it. */
interface Piece {
  readonly type: typeof StreamFrame.data | typeof StreamFrame.end;
  readonly bytes: Buffer;
  readonly size: number;
}

/**
 * A byte stream that outlives its connections: bytes that the other side has not received are sent again over
 * the next connection. Emits `lost` when a connection ends before the stream; the creator of the stream then
 * attaches another connection or destroys the stream. Emits `attached` when there is a new connection.
 */
export class ResumableStream extends Duplex {
  #socket: Socket | undefined;
  readonly #pieces: Piece[] = [];
  /** Total size of all pieces in bytes. */
  #kept = 0;
  /** Number of bytes that the other side has acknowledged. */
  #delivered = 0;
  #received = 0;
  /** Number of received bytes that this side has acknowledged. */
  #told = 0;
  #telling = false;
  /** The other side has ended the stream. */
  #isOver = false;
  #onRoom: (() => void) | undefined;
  #onEmpty: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: false, highWaterMark: MAX_DATA });
  }

  /** Number of bytes that have arrived, for the greeting of the next connection. */
  get received(): number {
    return this.#received;
  }

  /**
   * Continues over `socket`, which the stream owns from now on and from which only the greeting was read. The
   * other side has received `count` bytes.
   * @throws ControlError EPROTO if the other side cannot have received `count` bytes.
   */
  attach(socket: Socket, count: number): void {
    this.#forget(count);
    this.#release();
    this.#socket = socket;
    this.#told = this.#received;
    const decoder = new FrameDecoder();
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.#receive(socket, decoder, chunk));
    // A half-closed connection is of no use here.
    socket.once('end', () => socket.destroy());
    socket.once('close', () => this.#lose(socket));
    for (const piece of this.#pieces) this.#send(piece);
    socket.resume();
    this.emit('attached');
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at < chunk.length; at += MAX_DATA) {
      const bytes = chunk.subarray(at, at + MAX_DATA);
      this.#put({ type: StreamFrame.data, bytes, size: bytes.length });
    }
    if (this.#kept < WINDOW) done();
    else this.#onRoom = done;
  }

  override _final(done: () => void): void {
    this.#onEmpty = done;
    this.#put({ type: StreamFrame.end, bytes: Buffer.alloc(0), size: 1 });
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#release();
    done(error);
  }

  /**
   * Ends the stream, as no other connection will come. Destroys it with `reason` unless the other side has
   * already ended the stream.
   */
  giveUp(reason: Error): void {
    this.destroy(this.#isOver ? undefined : reason);
  }

  /**
   * Gives up the connection. Acknowledges received bytes first, as the other side may be waiting for just
   * that.
   */
  #release(): void {
    const socket = this.#socket;
    this.#sayReceived();
    this.#socket = undefined;
    socket?.destroySoon();
  }

  #lose(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    // The connection is lost only if either side still has something to send.
    if (!(this.#isOver && this.#kept === 0)) this.emit('lost');
  }

  #put(piece: Piece): void {
    this.#pieces.push(piece);
    this.#kept += piece.size;
    this.#send(piece);
  }

  #send({ type, bytes }: Piece): void {
    this.#socket?.write(encodeStreamFrame(type, bytes));
  }

  #receive(socket: Socket, decoder: FrameDecoder, chunk: Buffer): void {
    if (this.#socket !== socket) return;
    try {
      for (const frame of decoder.push(chunk)) this.#take(frame);
    } catch {
      // The rest of a malformed connection cannot be trusted; the stream continues over a new one.
      socket.resetAndDestroy();
    }
  }

  #take({ type, body }: Frame): void {
    switch (type) {
      case StreamFrame.received:
        this.#forget(decodeCount(body));
        return;
      case StreamFrame.data:
        this.#received += body.length;
        if (!this.push(body)) this.#socket?.pause();
        break;
      case StreamFrame.end:
        this.#received += 1;
        this.#isOver = true;
        this.push(null);
        break;
      default:
        throw new ControlError('EPROTO', `a stream has no frames of type ${type}`);
    }
    this.#tell();
  }

  /** Acknowledges once for all frames that arrive in one turn of the event loop. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    setImmediate(() => {
      this.#telling = false;
      this.#sayReceived();
    });
  }

  #sayReceived(): void {
    if (!this.#socket || this.#told === this.#received) return;
    this.#told = this.#received;
    this.#socket.write(encodeStreamFrame(StreamFrame.received, encodeCount(this.#received)));
  }

  /** The other side has received `count` bytes; drops them, as they need not be sent again. */
  #forget(count: number): void {
    let now = count - this.#delivered;
    if (now < 0 || now > this.#kept) throw new ControlError('EPROTO', `${count} bytes cannot have arrived`);
    this.#delivered = count;
    this.#kept -= now;
    for (let first = this.#pieces[0]; first && now > 0; first = this.#pieces[0]) {
      if (first.size > now) {
        const bytes = first.bytes.subarray(now);
        this.#pieces[0] = { ...first, bytes, size: bytes.length };
      } else this.#pieces.shift();
      now -= Math.min(now, first.size);
    }
    this.#settle();
  }

  #settle(): void {
    const onRoom = this.#onRoom;
    const onEmpty = this.#onEmpty;
    if (onRoom && this.#kept < WINDOW) {
      this.#onRoom = undefined;
      onRoom();
    }
    if (onEmpty && this.#kept === 0) {
      this.#onEmpty = undefined;
      onEmpty();
    }
  }
}
