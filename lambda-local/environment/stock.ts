import type { Log } from '../base/log.ts';
import { messageOf } from '../base/log.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';

/** Sandboxes of one function that are started in advance. In each of them, a shell sleeps. */
export class Stock {
  readonly #size: number;
  readonly #start: () => Promise<Sandbox>;
  readonly #log: Log;
  readonly #ready: Promise<Sandbox>[] = [];
  #isClosed = false;

  /** `start` makes one sandbox, which belongs to the stock until it is taken. */
  constructor(size: number, start: () => Promise<Sandbox>, log: Log) {
    this.#size = size;
    this.#start = start;
    this.#log = log;
  }

  async take(): Promise<Sandbox> {
    const prepared = this.#ready.shift();
    return (await prepared?.catch(() => undefined)) ?? this.#start();
  }

  /**
   * Starts sandboxes until the stock has its size. Called while there is no start that this would slow down.
   */
  fill(): void {
    while (!this.#isClosed && this.#ready.length < this.#size) this.#prepare();
  }

  /** Removes the sandboxes until the next fill(). */
  async drain(): Promise<void> {
    const rest = this.#ready.splice(0);
    await Promise.allSettled(rest.map((one) => one.then((sandbox) => sandbox.remove())));
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.drain();
  }

  #prepare(): void {
    const one = this.#start();
    this.#ready.push(one);
    one.then(
      (sandbox) => {
        // Another program may remove the container: take() must not give out a dead sandbox.
        const gone = () => (this.#drop(one) ? sandbox.remove() : undefined);
        sandbox.exited.then(gone, gone).catch(() => {});
      },
      (error: unknown) => {
        this.#drop(one);
        this.#log.warn('cannot prepare a sandbox', { reason: messageOf(error) });
      },
    );
  }

  /** Returns false if the sandbox has been taken or drained already. */
  #drop(one: Promise<Sandbox>): boolean {
    const index = this.#ready.indexOf(one);
    if (index < 0) return false;
    this.#ready.splice(index, 1);
    return true;
  }
}
