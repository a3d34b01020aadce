import { Session } from '../runtime-api/session.ts';
import { failure, type Outcome, type Work } from '../runtime-api/work.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { createLogTail, type LogTail } from './log-tail.ts';

/** One execution environment: a sandbox whose runtime is running, and its session. */
export interface Environment {
  /**
   * Waits for the runtime's first request for work. Resolves to undefined if it comes within `limit` ms, and
   * otherwise to the failure.
   */
  init(limit: number): Promise<Outcome | undefined>;
  /** Runs one invocation. The sandbox is dead if the outcome is a timeout or an exit. */
  run(work: Work): Promise<Outcome>;
  /**
   * Waits until the runtime asks for more work, at most until `deadline` (ms since the epoch). Resolves to
   * false if the runtime does not ask, or has ended.
   */
  rested(deadline: number): Promise<boolean>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** The output since the last run began; for the first run, the output of INIT as well. */
  tail(): LogTail;
  remove(): Promise<void>;
}

/** Sessions by the public address of their sandboxes, by which the Runtime API identifies its callers. */
export type Sessions = Map<string, Session>;

/**
 * Lets the entrypoint of `sandbox` run. `requestId` is that of the invocation for which the environment is
 * started, and `timeoutSeconds` the timeout of the function. `onLine` gets each line of output, with the id
 * of the request that was running.
 */
export function openEnvironment(
  sandbox: Sandbox,
  sessions: Sessions,
  requestId: string,
  timeoutSeconds: number,
  onLine: (line: string, requestId: string) => void,
): Environment {
  const session = new Session();
  let current = requestId;
  let runs = 0;
  let tail = createLogTail();
  let removed = false;
  sessions.set(sandbox.publicAddress, session);

  const remove = () => {
    if (!removed) sessions.delete(sandbox.publicAddress);
    removed = true;
    return sandbox.remove();
  };
  const dead = sandbox.exited.then(
    (code) => failure('Runtime.ExitError', `RequestId: ${current} Error: ${exitMessage(code)}`),
    () => failure('Runtime.ExitError', `RequestId: ${current} Error: The sandbox was lost`),
  );
  const killed = async (): Promise<Outcome> => {
    await remove();
    const seconds = timeoutSeconds.toFixed(2);
    return failure(
      'Sandbox.Timedout',
      `RequestId: ${current} Error: Task timed out after ${seconds} seconds`,
    );
  };

  sandbox.release((line) => {
    tail.add(line);
    onLine(line, current);
  });

  return {
    init: (limit) =>
      withLimit(
        Promise.race([session.idle().then(() => undefined), session.initFailed, dead]),
        limit,
        killed,
      ),
    run: (work) => {
      current = work.requestId;
      if (runs++ > 0) tail = createLogTail();
      return withLimit(Promise.race([session.deliver(work), dead]), work.deadline - Date.now(), killed);
    },
    rested: async (deadline) => {
      if (removed) return false;
      const rested = Promise.race([session.idle().then(() => true), dead.then(() => false)]);
      return withLimit(rested, deadline - Date.now(), () => remove().then(() => false));
    },
    freeze: sandbox.freeze,
    thaw: sandbox.thaw,
    tail: () => tail,
    remove,
  };
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
