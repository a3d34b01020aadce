import { ControlError } from './control-error.ts';

interface Waiting {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const REQUEST_TIMEOUT = 10_000;
const ID_MAX = 0xffffffff;

/** The requests of one session that wait for their answers, at most `limit` of them. */
export class PendingRequests {
  readonly #limit: number;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Returns ids from 1 to 2^32 - 1, then from 1 again: by then the old requests have been answered or given
   * up.
   */
  newId(): number {
    this.#lastId = this.#lastId === ID_MAX ? 1 : this.#lastId + 1;
    return this.#lastId;
  }

  /**
   * Calls `send` with a new id and settles with the answer to that id. See `Session.request` for the errors.
   */
  add(
    { signal, timeout = REQUEST_TIMEOUT }: { signal?: AbortSignal | undefined; timeout?: number | undefined },
    send: (id: number) => void,
  ): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#waiting.size >= this.#limit)
      return Promise.reject(new ControlError('EAGAIN', `${this.#limit} requests wait for an answer already`));
    const id = this.newId();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const release = () => {
      this.#waiting.delete(id);
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const giveUp = (error: unknown) => {
      release();
      reject(error);
    };
    const abort = () => giveUp(signal?.reason);
    const timer = setTimeout(
      () => giveUp(new ControlError('ETIMEDOUT', `no answer in ${timeout} ms`)),
      timeout,
    );
    signal?.addEventListener('abort', abort);
    this.#waiting.set(id, {
      resolve: (body) => {
        release();
        resolve(body);
      },
      reject: giveUp,
    });
    try {
      send(id);
    } catch (error) {
      giveUp(error);
    }
    return promise;
  }

  /**
   * Resolves the request `id`. An answer to an unknown id is ignored: it came too late, or it answers a ping.
   */
  resolve(id: number, body: unknown): void {
    this.#waiting.get(id)?.resolve(body);
  }

  reject(id: number, error: ControlError): void {
    this.#waiting.get(id)?.reject(error);
  }

  rejectAll(error: ControlError): void {
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
  }
}
