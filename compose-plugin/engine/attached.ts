import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Docker } from './docker.ts';

export interface AttachOptions {
  env?: NodeJS.ProcessEnv;
  /** Whether the child's stdout goes to the plugin's stderr, because it is progress and not the answer. */
  stdoutToStderr?: boolean;
}

/**
 * Runs `docker args` on the user's terminal and gives its exit code. A cancellation is passed on to the
 * child, and the child's end is awaited, so that the project is left in a state that the next `up` or `down`
 * can handle.
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
    // A terminal's Ctrl+C has already reached the child; Compose would kill its containers on a second
    // signal.
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
