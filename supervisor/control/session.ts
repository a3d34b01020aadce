import type { Socket } from 'node:net';
import { decodeBody, encodeBody } from './body.ts';
import { ControlError, describeFailure, failureOf } from './control-error.ts';
import { NO_OBSERVER } from './control-observer.ts';
import { type Endpoint, endpointsOf } from './endpoint.ts';
import { encodeFrame, type Frame, FrameDecoder, FrameFlag, MAX_BODY } from './frame.ts';
import { HEARTBEAT, Heartbeat } from './heartbeat.ts';
import { type NotificationMessage, PING, type RequestMessage } from './message.ts';
import { Outbox } from './outbox.ts';
import { PacedReading } from './paced-reading.ts';
import { PendingRequests } from './pending-requests.ts';
import { type RequestHandler, RequestHandlers } from './request-handlers.ts';
import type { RequestOptions, SessionOptions } from './session-options.ts';

const CLOSE_GRACE = 1000;
/** Bytes; more than any chunk of a guest's output. */
const MAX_WRITE = 131_072;

/** The reason in `Session.closed` when the heartbeat has given the peer up. */
export const SILENT = 'the peer is silent';
/** The reason when more than `maxQueued` bytes wait for the peer. */
export const UNREAD = 'the peer does not read';
/** The beginning of the reason when the peer sent a malformed frame or body. */
export const MALFORMED = 'malformed: ';

const EMPTY_BODY = Buffer.from('{}');

/**
 * Requests, notifications and heartbeats over one connected socket, which the session owns from now on.
 * Register handlers in the same turn of the event loop, so that no early message is missed.
 */
export class Session {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Resolves to the reason for the end once the socket is closed; never rejects. */
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #decoder = new FrameDecoder();
  readonly #heartbeat: Heartbeat;
  readonly #pending: PendingRequests;
  readonly #handlers: RequestHandlers;
  readonly #listeners = new Map<number, (body: unknown) => void>();
  readonly #ended = new AbortController();
  readonly #maxQueued: number;
  readonly #reading: PacedReading;
  readonly #takesDeflated: boolean;
  #reason: string | undefined;
  #drain: PromiseWithResolvers<void> | undefined;

  constructor(socket: Socket, options: SessionOptions = {}) {
    ({ local: this.local, remote: this.remote } = endpointsOf(socket));
    this.#socket = socket;
    this.#outbox = new Outbox(socket, options.maxWrite ?? MAX_WRITE, () => this.#onDrain());
    this.#pending = new PendingRequests(options.maxPending ?? 1024);
    this.#maxQueued = options.maxQueued ?? 8 * MAX_BODY;
    const observer = options.observer ?? NO_OBSERVER;
    this.#handlers = new RequestHandlers(options.maxHandling ?? 1024, observer);
    this.#reading = new PacedReading(socket, {
      rateLimit: options.rateLimit,
      onRest: (ms) => observer.throttled(ms),
    });
    this.#takesDeflated = options.takesDeflated ?? false;
    this.#heartbeat = new Heartbeat(options.heartbeat ?? HEARTBEAT, {
      ping: () => this.#ping(),
      dead: () => this.#abandon(SILENT),
      deaf: () => socket.isPaused(),
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#end('the peer closed the connection');
        resolve(this.#reason ?? '');
      });
    });
    socket.on('error', (error) => this.#end(`the connection failed: ${error.message}`));
    socket.on('drain', () => this.#onDrain());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  /** True if nothing came for some heartbeats; the session may be about to give the peer up. */
  get suspect(): boolean {
    return this.#heartbeat.suspect;
  }

  /** True once the session sends and receives nothing more; `closed` resolves soon after. */
  get ended(): boolean {
    return this.#reason !== undefined;
  }

  /**
   * Sends a request and resolves to the reply. Rejects with ControlError: the peer's errno; EINVAL for an
   * invalid reply; ETIMEDOUT; ECONNRESET when the session ends; EAGAIN when `maxPending` requests wait
   * already. When `signal` aborts, rejects with its reason.
   */
  async request<Request, Reply>(
    message: RequestMessage<Request, Reply>,
    body: NoInfer<Request>,
    options: RequestOptions = {},
  ): Promise<Reply> {
    if (this.#reason !== undefined) throw new ControlError('ECONNRESET', this.#reason);
    const send = (id: number) => this.#write(message.number, 0, id, encodeBody(body));
    return message.parseReply(await this.#pending.add(options, send));
  }

  /**
   * Sends a notification; a Buffer is sent as it is. Returns false if the peer is slow or gone: await
   * `drained()` before the next.
   * @throws RangeError if the body exceeds `MAX_BODY`.
   */
  notify<Body>(message: NotificationMessage<Body>, body: NoInfer<Body>): boolean {
    return this.#reason === undefined && this.#write(message.number, 0, 0, encodeBody(body));
  }

  /** Like `notify`, for a frame that was encoded once and goes to many sessions. */
  notifyEncoded(frame: Buffer): boolean {
    return this.#reason === undefined && this.#send(frame);
  }

  /** Number of bytes that wait on this side because the peer reads slowly. */
  get queued(): number {
    return this.#outbox.queued;
  }

  /** Resolves when the socket accepts more; rejects with ControlError ECONNRESET when the session ends. */
  drained(): Promise<void> {
    if (this.#reason !== undefined) return Promise.reject(new ControlError('ECONNRESET', this.#reason));
    if (!this.#outbox.isFull) return Promise.resolve();
    this.#drain ??= Promise.withResolvers();
    return this.#drain.promise;
  }

  /**
   * Sets the only handler of a message. Handlers start in the order in which requests arrive. A malformed
   * request is answered with EINVAL.
   */
  handle<Request, Reply>(
    message: RequestMessage<Request, Reply>,
    handler: RequestHandler<Request, NoInfer<Reply>>,
  ): void {
    this.#handlers.set(message, handler);
  }

  /**
   * Sets the only listener of a message. An error that the listener throws closes the session, and so does a
   * malformed notification.
   */
  onNotification<Body>(message: NotificationMessage<Body>, listener: (body: Body) => void): void {
    this.#listeners.set(message.number, (body) => listener(message.parse(body)));
  }

  /**
   * Stops reading from the socket. Frames that were read already (at most one chunk of 64 KiB) still arrive.
   */
  pause(): void {
    this.#reading.pause();
  }

  resume(): void {
    this.#reading.resume();
  }

  /** Closes after the written frames have left, or after a second. Idempotent. */
  close(reason = 'closed on this side'): Promise<string> {
    if (this.#reason === undefined) {
      this.#end(reason);
      this.#outbox.whenEmpty(() => this.#socket.end());
      // Without reading, a paused socket, or one whose peer sends on, would never reach its end.
      this.#socket.resume();
      const timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE);
      this.#socket.once('close', () => clearTimeout(timer));
    }
    return this.closed;
  }

  #abandon(reason: string): void {
    this.#end(reason);
    this.#socket.destroy();
  }

  #end(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#reading.close();
    this.#heartbeat.stop();
    this.#ended.abort(new ControlError('ECONNRESET', reason));
    this.#pending.rejectAll(new ControlError('ECONNRESET', reason));
    this.#settleDrain();
  }

  #onDrain(): void {
    if (!this.#outbox.isFull) this.#settleDrain();
  }

  #settleDrain(): void {
    if (this.#reason === undefined) this.#drain?.resolve();
    else this.#drain?.reject(new ControlError('ECONNRESET', this.#reason));
    this.#drain = undefined;
  }

  #ping(): void {
    // A ping would only wait behind a full queue. The queued frames show that this side lives as soon as the
    // peer reads.
    if (!this.#outbox.isFull) this.#write(PING, 0, this.#pending.newId(), EMPTY_BODY);
  }

  #write(type: number, flags: number, id: number, body: Buffer): boolean {
    return this.#send(encodeFrame({ type, flags, id, body }));
  }

  #send(frame: Buffer): boolean {
    const flowing = this.#outbox.put(frame);
    this.#heartbeat.sent();
    if (this.#outbox.queued > this.#maxQueued) this.#abandon(UNREAD);
    return flowing;
  }

  #receive(chunk: Buffer): void {
    if (this.#reason !== undefined) return;
    this.#heartbeat.received();
    try {
      const frames = this.#decoder.push(chunk);
      for (const frame of frames) if (this.#reason === undefined) this.#dispatch(frame);
      if (!this.ended) this.#reading.charge(frames.length, chunk.length);
    } catch (error) {
      this.#abandon(`${MALFORMED}${describeFailure(error).message}`);
    }
  }

  #dispatch(frame: Frame): void {
    // Pings are the most frequent messages of a quiet overlay; their bodies are not decoded.
    if (frame.type === PING) {
      this.#pong(frame);
      return;
    }
    const body = decodeBody(frame, this.#takesDeflated);
    if (frame.flags & FrameFlag.reply) {
      if (frame.flags & FrameFlag.failed) this.#pending.reject(frame.id, failureOf(body));
      else this.#pending.resolve(frame.id, body);
    } else if (frame.id === 0) this.#listeners.get(frame.type)?.(body);
    else this.#serve(frame, body);
  }

  #pong({ flags, id }: Frame): void {
    if (!(flags & FrameFlag.reply) && id !== 0) this.#write(PING, FrameFlag.reply, id, EMPTY_BODY);
  }

  /** Does not keep the frame, whose body is a view of a whole chunk, while the handler works. */
  #serve({ type, id }: Frame, body: unknown): void {
    void this.#handlers.serve(type, body, this.#ended.signal, (flags, reply) => {
      if (this.#reason === undefined) this.#write(type, flags, id, reply);
    });
  }
}
