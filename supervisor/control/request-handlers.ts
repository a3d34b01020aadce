import { encodeBody } from './body.ts';
import { ControlError, describeFailure } from './control-error.ts';
import type { ControlObserver } from './control-observer.ts';
import { FrameFlag, MAX_BODY } from './frame.ts';
import type { RequestMessage } from './message.ts';

/**
 * `signal` aborts when the session ends. The `code` of an error that the handler throws becomes the errno
 * that the peer sees.
 */
export type RequestHandler<Request, Reply> = (
  body: Request,
  context: { signal: AbortSignal },
) => Reply | Promise<Reply>;

/** Sends the reply of a request. */
type Answer = (flags: number, body: Buffer) => void;

/** Handles the requests of the peer of one session, at most `limit` of them at the same time. */
export class RequestHandlers {
  readonly #limit: number;
  readonly #observer: ControlObserver;
  readonly #handlers = new Map<number, RequestHandler<unknown, unknown>>();
  #handling = 0;

  constructor(limit: number, observer: ControlObserver) {
    this.#limit = limit;
    this.#observer = observer;
  }

  /** Sets the only handler of a message. See `Session.handle`. */
  set<Request, Reply>(
    message: RequestMessage<Request, Reply>,
    handler: RequestHandler<Request, NoInfer<Reply>>,
  ): void {
    this.#handlers.set(message.number, (body, context) => handler(message.parseRequest(body), context));
  }

  /** Calls the handler of a request, and `answer` with its reply or its failure. */
  async serve(type: number, body: unknown, signal: AbortSignal, answer: Answer): Promise<void> {
    this.#handling += 1;
    const started = performance.now();
    try {
      const handler = this.#handlers.get(type);
      if (!handler) throw new ControlError('ENOSYS', `this side does not handle messages of type ${type}`);
      if (this.#handling > this.#limit)
        throw new ControlError('EAGAIN', 'too many requests at the same time');
      const reply = encodeBody((await handler(body, { signal })) ?? {});
      if (reply.length > MAX_BODY) throw new ControlError('EMSGSIZE', 'the answer does not fit a frame');
      answer(FrameFlag.reply, reply);
      this.#observer.served(type, performance.now() - started);
    } catch (error) {
      const failure = describeFailure(error);
      answer(FrameFlag.reply | FrameFlag.failed, encodeBody(failure));
      this.#observer.served(type, performance.now() - started, failure.errno);
    } finally {
      this.#handling -= 1;
    }
  }
}
