import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * A process that reports when it is ready, and that ends when its standard input ends. It therefore also ends
 * if this process is killed.
 */
export interface Helper {
  readonly process: ChildProcessWithoutNullStreams;
  readonly pid: number;
  /** Ends the standard input and waits for the end of the process, which gets SIGKILL after `patience` ms. */
  stop(patience?: number): Promise<void>;
}

export interface HelperOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Returns true for the line on stdout or stderr with which the process reports that it is ready. */
  readonly ready: (line: string) => boolean;
  /** Is called with every line of output. */
  readonly onLine?: (line: string) => void;
}

const START_TIMEOUT_MS = 20_000;
const KEPT_LINES = 30;

export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Starts a helper. Resolves when it is ready. Rejects with its last lines of output if it ends before that,
 * or if it is not ready within 20 s.
 */
export async function startHelper(argv: readonly string[], options: HelperOptions): Promise<Helper> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { env: { PATH, ...options.env }, stdio: 'pipe' });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lines: string[] = [];
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const fail = (why: string) =>
    reject(new Error(`${argv.slice(0, 4).join(' ')}: ${why}\n${lines.join('\n')}`));
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      if (lines.push(line) > KEPT_LINES) lines.shift();
      options.onLine?.(line);
      if (options.ready(line)) resolve();
    });
  child.once('error', (error) => fail(error.message));
  child.once('close', (code, signal) => fail(`ended with ${signal ?? code}`));
  child.stdin.on('error', () => undefined);
  const timer = setTimeout(() => fail(`not ready in ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
  const stop = async (patience = 3000) => {
    child.stdin.end();
    if (child.exitCode !== null || child.signalCode !== null) return exited;
    const kill = setTimeout(() => child.kill('SIGKILL'), patience);
    await exited;
    clearTimeout(kill);
  };
  try {
    await ready;
    return { process: child, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop(0);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `argv` with `input` and resolves to its output. Rejects with its stderr if it fails. */
export async function runTool(argv: readonly string[], input = ''): Promise<string> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { env: { PATH }, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit code ${code}: ${output.stderr}\n${input}`);
  return output.stdout;
}
