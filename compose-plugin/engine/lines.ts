import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Docker } from './docker.ts';

/**
 * Yields the lines of `docker args` until the child ends, the consumer stops or the engine's signal aborts.
 * Never throws: a failed child has no more lines.
 */
export async function* dockerLines(engine: Docker, args: readonly string[]): AsyncGenerator<string> {
  if (engine.signal.aborted) return;
  const child = spawn('docker', [...engine.flags, ...args], {
    env: engine.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const stop = () => child.kill('SIGTERM');
  engine.signal.addEventListener('abort', stop, { once: true });
  child.once('error', () => child.stdout.destroy());
  try {
    yield* createInterface({ input: child.stdout });
  } finally {
    engine.signal.removeEventListener('abort', stop);
    stop();
  }
}
