import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a call took, in ms. `cpu` is that of the program and of all that it started and waited for. */
export interface Spent {
  readonly wall: number;
  readonly cpu: number;
}

/** Prints the CPU time of its children; the shell waits for one call only. */
const TIMES = '"$@" >/dev/null 2>&1 </dev/null; code=$?; times; exit $code';

/** Runs a call, and gives what it took. @throws if it fails */
export function measured(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Spent> {
  const { promise, resolve, reject } = Promise.withResolvers<Spent>();
  const start = performance.now();
  const child = spawn('sh', ['-c', TIMES, 'sh', ...command], {
    ...{ cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.on('error', reject);
  child.on('close', (code) => {
    const wall = performance.now() - start;
    if (code === 0) resolve({ wall, cpu: cpuOfChildren(output) });
    else reject(new Error(`${command.join(' ')} ended with ${code}`));
  });
  return promise;
}

/** User and system time of the second line of \`times\`, which are those of the children, in ms. */
function cpuOfChildren(output: string): number {
  const times = [...(output.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce(
    (sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1000,
    0,
  );
}

/** Two configurations of docker with the user's plugins: with that of Boxer, and without. */
export function withoutPlugin(): { with: string; without: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'boxer-cli-'));
  const own = join(process.env.DOCKER_CONFIG || join(homedir(), '.docker'), 'cli-plugins');
  const others = existsSync(own) ? readdirSync(own).filter((name) => name !== 'docker-boxer') : [];
  const make = (name: string) => {
    const plugins = join(folder, name, 'cli-plugins');
    mkdirSync(plugins, { recursive: true });
    for (const other of others) cpSync(join(own, other), join(plugins, other), { verbatimSymlinks: true });
    return plugins;
  };
  make('without');
  const boxer = new URL('../../compose-plugin/docker-boxer', import.meta.url).pathname;
  symlinkSync(boxer, join(make('with'), 'docker-boxer'));
  return {
    with: join(folder, 'with'),
    without: join(folder, 'without'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
