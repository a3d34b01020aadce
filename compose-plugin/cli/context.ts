import { findProject, type Project } from '../compose/project.ts';
import { childEnvironment, type Docker } from '../engine/docker.ts';
import type { Invocation } from './invocation.ts';

/** All that a command may look at; nothing else of the process is read by it. */
export interface Context {
  invocation: Invocation;
  engine: Docker;
  project: Project;
  cwd: string;
  /** Folder of Boxer itself. */
  root: string;
  /** A sentence for the user's eyes, on a terminal only. */
  progress: (text: string) => void;
  /** A sentence that matters also where nobody watches. */
  warn: (text: string) => void;
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
