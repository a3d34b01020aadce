import type { Socket } from 'node:net';
import { ControlError, describeFailure, failureOf } from './control-error.ts';
import { type ControlObserver, NO_OBSERVER } from './control-observer.ts';
import { inflated } from './deflated.ts';
import { type Endpoint, endpointsOf } from './endpoint.ts';
import { encodeFrame, type Frame, FrameDecoder, FrameFlag, MAX_BODY } from './frame.ts';
import { HEARTBEAT, Heartbeat, type HeartbeatOptions } from './heartbeat.ts';
import { BYTES, type NotificationMessage, PING, type RequestMessage } from './message.ts';
import { Outbox } from './outbox.ts';
import { PendingRequests } from './pending-requests.ts';
import { type RateLimit, Throttle } from './throttle.ts';

export interface SessionOptions {
  readonly heartbeat?: HeartbeatOptions | undefined;
  /** Maximum number of this side's requests that wait for an answer at the same time. */
  readonly maxPending?: number | undefined;
  /** Maximum number of the peer's requests that are handled at the same time. */
  readonly maxHandling?: number | undefined;
  /** Maximum number of bytes that wait to be written; the session drops a peer that lets more pile up. */
  readonly maxQueued?: number | undefined;
  /**
   * Maximum number of bytes that the socket gets at once; TLS keeps that much memory for as long as the
   * connection lives.
   */
  readonly maxWrite?: number | undefined;
  /**
   * The rate at which the peer may send; the session reads more slowly from a peer that exceeds it. The
   * default is no limit.
   */
  readonly rateLimit?: RateLimit | undefined;
  readonly observer?: ControlObserver | undefined;
  /**
   * Whether the session accepts deflated frames. If not, a deflated frame is malformed, as a small one could
   * make this side unpack a lot.
   */
  readonly takesDeflated?: boolean | undefined;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** ms; the default is 10,000. */
  readonly timeout?: number | undefined;
}

/**
 * `signal` aborts when the session ends. The `code` of an error that the handler throws becomes the errno
 * that the peer sees.
 */
export type RequestHandler<Request, Reply> = (
  body: Request,
  context: { signal: AbortSignal },
) => Reply | Promise<Reply>;

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
  readonly #handlers = new Map<number, RequestHandler<unknown, unknown>>();
  readonly #listeners = new Map<number, (body: unknown) => void>();
  readonly #ended = new AbortController();
  readonly #maxHandling: number;
  readonly #maxQueued: number;
  readonly #throttle: Throttle | undefined;
  readonly #observer: ControlObserver;
  readonly #takesDeflated: boolean;
  /** Set while the session does not read because the peer exceeded its rate limit. */
  #resting: NodeJS.Timeout | undefined;
  /** Set between `pause()` and `resume()`. */
  #paused = false;
  #handling = 0;
  #reason: string | undefined;
  #drain: PromiseWithResolvers<void> | undefined;

  constructor(socket: Socket, options: SessionOptions = {}) {
    ({ local: this.local, remote: this.remote } = endpointsOf(socket));
    this.#socket = socket;
    this.#outbox = new Outbox(socket, options.maxWrite ?? MAX_WRITE, () => this.#onDrain());
    this.#pending = new PendingRequests(options.maxPending ?? 1024);
    this.#maxHandling = options.maxHandling ?? 1024;
    this.#maxQueued = options.maxQueued ?? 8 * MAX_BODY;
    this.#throttle = options.rateLimit && new Throttle(options.rateLimit);
    this.#observer = options.observer ?? NO_OBSERVER;
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
    this.#handlers.set(message.number, (body, context) => handler(message.parseRequest(body), context));
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
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#resting === undefined) this.#socket.resume();
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
    clearTimeout(this.#resting);
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
      this.#pay(frames.length, chunk.length);
    } catch (error) {
      this.#abandon(`${MALFORMED}${describeFailure(error).message}`);
    }
  }

  /**
   * Charges the peer for the frames that have arrived. If the peer exceeded its rate limit, stops reading for
   * a while; further bytes wait in the peer's buffers.
   */
  #pay(frames: number, bytes: number): void {
    const rest = this.#throttle?.arrived(frames, bytes) ?? 0;
    if (rest === 0 || this.#reason !== undefined || this.#resting !== undefined) return;
    this.#observer.throttled(rest);
    this.#socket.pause();
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      if (!this.#paused) this.#socket.resume();
    }, rest);
  }

  #dispatch(frame: Frame): void {
    // Pings are the most frequent messages of a quiet overlay; their bodies are not decoded.
    if (frame.type === PING) {
      this.#pong(frame);
      return;
    }
    const body = decodeBody(this.#unpacked(frame));
    if (frame.flags & FrameFlag.reply) {
      if (frame.flags & FrameFlag.failed) this.#pending.reject(frame.id, failureOf(body));
      else this.#pending.resolve(frame.id, body);
    } else if (frame.id === 0) this.#listeners.get(frame.type)?.(body);
    else void this.#serve(frame, body);
  }

  /** @throws RangeError or zlib's error, which closes the session. */
  #unpacked(frame: Frame): Frame {
    if (!(frame.flags & FrameFlag.deflated)) return frame;
    if (!this.#takesDeflated) throw new RangeError('a deflated frame, which was not asked for');
    return { ...frame, body: inflated(frame) };
  }

  #pong({ flags, id }: Frame): void {
    if (!(flags & FrameFlag.reply) && id !== 0) this.#write(PING, FrameFlag.reply, id, EMPTY_BODY);
  }

  async #serve({ type, id }: Frame, body: unknown): Promise<void> {
    this.#handling += 1;
    const started = performance.now();
    try {
      const handler = this.#handlers.get(type);
      if (!handler) throw new ControlError('ENOSYS', `this side does not handle messages of type ${type}`);
      if (this.#handling > this.#maxHandling)
        throw new ControlError('EAGAIN', 'too many requests at the same time');
      const reply = encodeBody((await handler(body, { signal: this.#ended.signal })) ?? {});
      if (reply.length > MAX_BODY) throw new ControlError('EMSGSIZE', 'the answer does not fit a frame');
      this.#answer(type, FrameFlag.reply, id, reply);
      this.#observer.served(type, performance.now() - started);
    } catch (error) {
      const failure = describeFailure(error);
      this.#answer(type, FrameFlag.reply | FrameFlag.failed, id, encodeBody(failure));
      this.#observer.served(type, performance.now() - started, failure.errno);
    } finally {
      this.#handling -= 1;
    }
  }

  #answer(type: number, flags: number, id: number, body: Buffer): void {
    if (this.#reason === undefined) this.#write(type, flags, id, body);
  }
}

function encodeBody(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
}

/** @throws SyntaxError if the body is not JSON, which closes the session. */
function decodeBody({ type, body }: Frame): unknown {
  if (BYTES.has(type)) return body;
  const parsed: unknown = JSON.parse(body.toString());
  return parsed;
}
