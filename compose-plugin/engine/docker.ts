import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { type CommandOptions, type Finished, run } from './command.ts';

/** How to reach the engine that the user meant: a child `docker` with the user's global flags. */
export interface Docker {
  /** Global flags, such as `--context x`. */
  flags: readonly string[];
  /** Value of `--context`; the builder of that name sees the engine's own images. */
  context: string | undefined;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** The environment for child dockers, without the variables that the docker CLI sets for this plugin only. */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { DOCKER_CLI_PLUGIN_SOCKET, DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND, ...rest } = env;
  return rest;
}

/** Runs `docker args`, collecting its output. */
export function docker(
  engine: Docker,
  args: readonly string[],
  options: Omit<CommandOptions, 'env' | 'signal'> = {},
): Promise<Finished> {
  return run('docker', [...engine.flags, ...args], { ...options, env: engine.env, signal: engine.signal });
}

/**
 * Runs `docker args` and gives its stdout.
 * @throws BoxerError NO_ENGINE if no engine answers, otherwise ENGINE with docker's message
 */
export async function dockerOutput(engine: Docker, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await docker(engine, args);
  if (code !== 0) throw engineError(args, stderr);
  return stdout;
}

/** Converts docker's stderr to a BoxerError. */
export function engineError(args: readonly string[], stderr: string): BoxerError {
  const words = stderr.trim();
  if (/cannot connect to the docker daemon|error during connect|is the docker daemon running/i.test(words)) {
    return new BoxerError('NO_ENGINE', words, {
      hint: 'Start Docker, or choose another engine with --context.',
    });
  }
  return new BoxerError(
    'ENGINE',
    `docker ${args.slice(0, 2).join(' ')}: ${words || 'failed without a word'}`,
  );
}
