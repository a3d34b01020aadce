import { Session } from '../runtime-api/session.ts';
import { failure, type Outcome, type Work } from '../runtime-api/work.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { createLogTail, type LogTail } from './log-tail.ts';

/** Sessions by the public address of their sandboxes, by which the Runtime API identifies its callers. */
export type Sessions = Map<string, Session>;

export interface EnvironmentOptions {
  readonly sandbox: Sandbox;
  readonly sessions: Sessions;
  /** The id of the invocation for which the environment is started. */
  readonly requestId: string;
  /** The timeout of the function, seconds. */
  readonly timeout: number;
  /** Gets each line of output, with the id of the request that was running. */
  readonly onLine: (line: string, requestId: string) => void;
}

/** One execution environment: a sandbox whose runtime is running, and its session. */
export class Environment {
  readonly #sandbox: Sandbox;
  readonly #sessions: Sessions;
  readonly #timeout: number;
  readonly #session = new Session();
  /** Resolves to the failure when the entrypoint of the sandbox has ended. */
  readonly #dead: Promise<Outcome>;
  #requestId: string;
  #runs = 0;
  #tail = createLogTail();
  #isRemoved = false;

  /** Lets the entrypoint of the sandbox run. */
  constructor({ sandbox, sessions, requestId, timeout, onLine }: EnvironmentOptions) {
    this.#sandbox = sandbox;
    this.#sessions = sessions;
    this.#timeout = timeout;
    this.#requestId = requestId;
    sessions.set(sandbox.publicAddress, this.#session);
    this.#dead = sandbox.exited.then(
      (code) => this.#exit(exitMessage(code)),
      () => this.#exit('The sandbox was lost'),
    );
    sandbox.release((line) => {
      this.#tail.add(line);
      onLine(line, this.#requestId);
    });
  }

  /**
   * Waits for the runtime's first request for work. Resolves to undefined if it comes within `limit` ms, and
   * otherwise to the failure.
   */
  init(limit: number): Promise<Outcome | undefined> {
    const idle = this.#session.idle().then(() => undefined);
    return withLimit(Promise.race([idle, this.#session.initFailed, this.#dead]), limit, () => this.#kill());
  }

  /** Runs one invocation. The sandbox is dead if the outcome is a timeout or an exit. */
  run(work: Work): Promise<Outcome> {
    this.#requestId = work.requestId;
    if (this.#runs++ > 0) this.#tail = createLogTail();
    const outcome = Promise.race([this.#session.deliver(work), this.#dead]);
    return withLimit(outcome, work.deadline - Date.now(), () => this.#kill());
  }

  /**
   * Waits until the runtime asks for more work, at most until `deadline` (ms since the epoch). Resolves to
   * false if the runtime does not ask, or has ended.
   */
  async rested(deadline: number): Promise<boolean> {
    if (this.#isRemoved) return false;
    const idle = this.#session.idle().then(() => true);
    const rested = Promise.race([idle, this.#dead.then(() => false)]);
    return withLimit(rested, deadline - Date.now(), () => this.remove().then(() => false));
  }

  freeze(): Promise<void> {
    return this.#sandbox.freeze();
  }

  thaw(): Promise<void> {
    return this.#sandbox.thaw();
  }

  /** The output since the last run began; for the first run, the output of INIT as well. */
  tail(): LogTail {
    return this.#tail;
  }

  remove(): Promise<void> {
    if (!this.#isRemoved) this.#sessions.delete(this.#sandbox.publicAddress);
    this.#isRemoved = true;
    return this.#sandbox.remove();
  }

  #exit(message: string): Outcome {
    return failure('Runtime.ExitError', `RequestId: ${this.#requestId} Error: ${message}`);
  }

  async #kill(): Promise<Outcome> {
    await this.remove();
    const message = `Task timed out after ${this.#timeout.toFixed(2)} seconds`;
    return failure('Sandbox.Timedout', `RequestId: ${this.#requestId} Error: ${message}`);
  }
}

/** Resolves as `promise`, or as `otherwise()` if `promise` takes longer than `limit` ms. */
async function withLimit<T>(promise: Promise<T>, limit: number, otherwise: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), Math.max(0, limit));
  const first = await Promise.race([promise.then((value) => ({ value })), late.promise]);
  clearTimeout(timer);
  return first === undefined ? otherwise() : first.value;
}

/** Lambda's message for an exit code. The Engine reports signal n as exit code 128 + n. */
function exitMessage(code: number): string {
  if (code === 0) return 'Runtime exited without providing a reason';
  if (code === 137) return 'Runtime exited with error: signal: killed';
  return `Runtime exited with error: exit status ${code}`;
}
