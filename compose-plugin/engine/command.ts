import { spawn } from 'node:child_process';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';

/** The exit code and output of a finished child. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Written to the child's stdin, which is then closed. */
  input?: string;
  signal?: AbortSignal;
  /** `show`: the child's stderr is the terminal's, for its progress. */
  stderr?: 'keep' | 'show';
}

/**
 * Runs a program and collects its output. The caller judges a non-zero exit code.
 * @throws BoxerError NOT_FOUND if there is no such program, CANCELLED if the signal ended it
 */
export function run(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  const child = spawn(program, args, {
    env: options.env,
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', options.stderr === 'show' ? 'inherit' : 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  // The child gets SIGINT and is never killed: docker passes SIGINT on to the build or pull that it runs.
  const cancel = () => child.kill('SIGINT');
  if (options.signal?.aborted) cancel();
  options.signal?.addEventListener('abort', cancel, { once: true });
  child.on('error', (cause) => {
    options.signal?.removeEventListener('abort', cancel);
    reject(
      new BoxerError('NOT_FOUND', `cannot start ${program}`, { hint: `Is ${program} installed?`, cause }),
    );
  });
  child.on('close', (code) => {
    options.signal?.removeEventListener('abort', cancel);
    if (options.signal?.aborted) reject(new BoxerError('CANCELLED', 'cancelled'));
    const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
    resolve({ code: code ?? 1, stdout: text(stdout), stderr: text(stderr) });
  });
  // A child may end without reading its input, which is no error.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  return promise;
}
