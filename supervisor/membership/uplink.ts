import { backoff } from '../control/backoff.ts';
import { ControlError, codeOf } from '../control/control-error.ts';
import type { RequestMessage } from '../control/message.ts';
import type { Session } from '../control/session.ts';
import type { RequestOptions } from '../control/session-options.ts';
import { type Waiting, waitFor } from '../control/waiting.ts';
import { type Link, type LinkOptions, openLink, Refused } from './link.ts';
import type { Membership } from './view.ts';

/** How long a request waits for a seed that is away, ms. */
const AWAY_TIMEOUT = 5000;
/**
 * Time limit for a dial when there are several seeds, ms: `FIRST_DIAL` in the first attempts, then growing to
 * `LONGEST_DIAL`.
 */
const FIRST_DIAL = 1000;
const LONGEST_DIAL = 10_000;

/** A node's link to the seed. A lost link is reopened under the node's resume identity. */
export class Uplink {
  /** Resolves when the link is closed for good, with the reason. */
  readonly closed: Promise<string>;
  readonly #options: LinkOptions;
  readonly #membership: Membership;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<Waiting<Session>>();
  #link: Link;
  /** Requests to repeat to every seed that this node joins, by message number. */
  readonly #told = new Map<number, () => Promise<void>>();
  #end: string | undefined;
  readonly #turn = Math.floor(Math.random() * 16);

  constructor(options: LinkOptions, membership: Membership, link: Link) {
    this.#options = options;
    this.#membership = membership;
    this.#link = link;
    this.closed = this.#keep();
  }

  /** The current link; while the seed is away, the last one. */
  get link(): Link {
    return this.#link;
  }

  /**
   * Like `Session.request`, but waits for a seed that is away, and repeats the request if the seed left
   * before it replied.
   */
  async request<Request, Reply>(
    message: RequestMessage<Request, Reply>,
    body: NoInfer<Request>,
    options: RequestOptions = {},
  ): Promise<Reply> {
    for (;;) {
      const session = this.#link.session.ended ? await this.#relinked(options.signal) : this.#link.session;
      try {
        return await session.request(message, body, options);
      } catch (error) {
        if (!session.ended || codeOf(error) !== 'ECONNRESET') throw error;
      }
    }
  }

  /**
   * Sends a request to the seed, and again to every seed that this node joins later. Replaces the body of an
   * earlier call with the same message. Resolves at once while the seed is away.
   */
  async tell<Request>(message: RequestMessage<Request, void>, body: NoInfer<Request>): Promise<void> {
    const tell = async () => {
      const { session } = this.#link;
      try {
        await session.request(message, body);
      } catch (error) {
        if (!session.ended) throw error;
      }
    };
    this.#told.set(message.number, tell);
    await tell();
  }

  close(reason: string): Promise<string> {
    this.#stop.abort(reason);
    void this.#link.session.close(reason);
    return this.closed;
  }

  async #keep(): Promise<string> {
    let reason: string | undefined;
    do {
      reason = await this.#link.session.closed;
      if (!this.#stop.signal.aborted) reason = await this.#reopen();
    } while (reason === undefined);
    this.#end = reason;
    this.#membership.close();
    for (const waiting of this.#waiting) waiting.reject(new ControlError('ENETDOWN', reason));
    return reason;
  }

  /**
   * Returns the seed for an attempt to reopen the link. The first attempt goes to the last seed, as perhaps
   * only the connection broke. Later attempts go to all seeds in turn, and each node begins with a random
   * one.
   */
  #wayFor(attempt: number): Pick<LinkOptions, 'seed' | 'timeout'> {
    const { address, port } = this.#link.session.remote;
    const others = this.#membership.seeds.map((seed) => ({ host: seed.address, port: seed.port }));
    if (others.length === 0) return { seed: this.#options.seed };
    const all = [{ host: address, port }, ...others, this.#options.seed];
    // The address of a container that has gone does not answer, so the time limit is short at first.
    const timeout = Math.min(LONGEST_DIAL, FIRST_DIAL * 2 ** Math.floor(attempt / all.length));
    return {
      seed: all[attempt === 0 ? 0 : (this.#turn + attempt) % all.length] ?? this.#options.seed,
      timeout,
    };
  }

  /** Resolves to undefined once the link is open again, or to the reason why it stays closed. */
  async #reopen(): Promise<string | undefined> {
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await backoff(attempt, signal);
        const { identity, key } = this.#link.joined.resume;
        const credentials = { identity, key: Buffer.from(key, 'hex') };
        const options = { ...this.#options, ...this.#wayFor(attempt) };
        this.#link = await openLink(options, credentials, this.#membership, signal);
        // `close` was called in the same turn of the event loop in which the link was opened.
        if (signal.aborted) void this.#link.session.close(String(signal.reason));
        await Promise.allSettled([...this.#told.values()].map((tell) => tell()));
        for (const waiting of this.#waiting) waiting.resolve(this.#link.session);
        return undefined;
      } catch (error) {
        if (error instanceof Refused) return error.message;
      }
    }
    return String(signal.reason);
  }

  #relinked(signal: AbortSignal | undefined): Promise<Session> {
    if (this.#end !== undefined) return Promise.reject(new ControlError('ENETDOWN', this.#end));
    const waiting = waitFor<Session>('the seed', { signal, timeout: AWAY_TIMEOUT }, () => {
      this.#waiting.delete(waiting);
    });
    this.#waiting.add(waiting);
    return waiting.promise;
  }
}
