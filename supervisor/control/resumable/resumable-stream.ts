import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { ControlError } from '../control-error.ts';
import { type Frame, FrameDecoder } from '../frame.ts';
import { decodeCount, encodeCount, encodeStreamFrame, MAX_DATA, StreamFrame } from './wire.ts';

/** Bytes that are kept until the other side says that it has them; beyond, writers wait. */
const WINDOW = 1_048_576;

/** What is sent until it is known to have arrived. */
interface Piece {
  readonly type: typeof StreamFrame.data | typeof StreamFrame.end;
  readonly bytes: Buffer;
  readonly size: number;
}

/**
 * A byte stream that outlives its connections: what the other side has not got is sent again over the next
 * one. Emits `lost` when a connection ends and the stream does not; whoever made it attaches another one, or
 * destroys it. Emits `attached` when there is one.
 */
export class ResumableStream extends Duplex {
  #socket: Socket | undefined;
  readonly #pieces: Piece[] = [];
  /** Bytes of all pieces. */
  #kept = 0;
  /** Bytes that the other side has. */
  #delivered = 0;
  #received = 0;
  /** Of these, what the other side knows of. */
  #told = 0;
  #telling = false;
  /** The other side has nothing more to say. */
  #isOver = false;
  #onRoom: (() => void) | undefined;
  #onEmpty: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: false, highWaterMark: MAX_DATA });
  }

  /** Bytes that have arrived, for the greeting of the next connection. */
  get received(): number {
    return this.#received;
  }

  /**
   * Goes on over `socket`, which it owns from now on and of which nothing but the greeting was read; the
   * other side has `count` bytes. Throws ControlError EPROTO where it cannot have so many.
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
    // Half a connection is none here.
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

  /** There will be no other connection. `reason` is no news for those who have had everything. */
  giveUp(reason: Error): void {
    this.destroy(this.#isOver ? undefined : reason);
  }

  /**
   * Lets go of the connection; what has arrived is said before, for the other side may wait for just that.
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
    // Nothing is left to be said on either side.
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
      // What it says next is not to be trusted either; a new connection begins anew.
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
        throw new ControlError('EPROTO', `no frame of a stream is of type ${type}`);
    }
    this.#tell();
  }

  /** Once for all that comes in one turn. */
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

  /** The other side has `count` bytes: they need not be sent again. */
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
