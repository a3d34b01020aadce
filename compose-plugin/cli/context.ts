import { findProject } from '../compose/project.ts';
import { childEnvironment } from '../engine/docker.ts';
import type { Invocation } from '../invocation/invocation.ts';
import type { Work } from '../project/work.ts';

/** Everything that a verb may use: verbs read nothing else of the process. */
export interface Context extends Work {
  /** Prints a line of the verb's output to stdout. */
  print: (text: string) => void;
}

/** Makes the context of one call. */
export function makeContext(
  invocation: Invocation,
  env: NodeJS.ProcessEnv,
  cwd: string,
  root: string,
  signal: AbortSignal,
): Context {
  const childEnv = childEnvironment(env);
  return {
    invocation,
    engine: { flags: invocation.docker, context: invocation.context, env: childEnv, signal },
    project: findProject(invocation, childEnv, cwd),
    cwd,
    root,
    progress: (text) => {
      if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
    },
    warn: (text) => void process.stderr.write(`${text}\n`),
    print: (text) => void process.stdout.write(`${text}\n`),
  };
}
