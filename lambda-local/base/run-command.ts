import { spawn } from 'node:child_process';

/**
 * Runs one program with `input` on its stdin and gives its stdout, which has to be small. Rejects with the
 * program's error output if the program fails; kills the program when `signal` aborts.
 */
export function runCommand(argv: readonly string[], input = '', signal?: AbortSignal): Promise<string> {
  const [program = '', ...rest] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], ...(signal && { signal }) });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.on('error', reject);
  child.on('close', (code) => {
    if (code === 0) resolve(Buffer.concat(out).toString());
    else reject(new Error(`${argv.join(' ')}: exit ${code}: ${Buffer.concat(err).toString().trim()}`));
  });
  // A program that fails early closes its stdin; its exit code and output tell the cause.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return promise;
}
