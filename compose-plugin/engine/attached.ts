import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Docker } from './docker.ts';

export interface AttachOptions {
  env?: NodeJS.ProcessEnv;
  /** The child's stdout goes to our stderr: it is progress, not the answer. */
  stdoutToStderr?: boolean;
}

/**
 * Runs `docker args` on the user's own terminal and gives its exit code. A cancellation is passed on and the child
 * awaited: what it has begun it also brings to an end that the next `up` or `down` understands.
 */
export function attach(
  engine: Docker,
  args: readonly string[],
  options: AttachOptions = {},
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn('docker', [...engine.flags, ...args], {
    env: options.env ?? engine.env,
    stdio: ['inherit', options.stdoutToStderr ? 2 : 'inherit', 'inherit'],
  });
  const cancel = () => {
    const reason = engine.signal.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT';
    // A terminal's Ctrl+C has already reached the child, and Compose takes a second one as "at once".
    if (engine.signal.reason === 'terminal') return;
    child.kill(reason);
  };
  if (engine.signal.aborted) cancel();
  engine.signal.addEventListener('abort', cancel, { once: true });
  child.on('error', (cause) => reject(new BoxerError('NOT_FOUND', 'cannot start docker', { cause })));
  child.on('close', (code, signal) => {
    engine.signal.removeEventListener('abort', cancel);
    resolve(code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0)));
  });
  return promise;
}
