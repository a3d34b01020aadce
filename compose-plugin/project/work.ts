import type { Project } from '../compose/project.ts';
import type { Docker } from '../engine/docker.ts';
import type { Invocation } from '../invocation/invocation.ts';

/** Messages to the user while a verb works. */
export interface Say {
  /** Shows a progress message, on a terminal only. */
  progress: (text: string) => void;
  /** Shows a message, also without a terminal. */
  warn: (text: string) => void;
}

/** The data that a verb passes to other folders: the engine, the project, and the messages to the user. */
export interface Work extends Say {
  invocation: Invocation;
  engine: Docker;
  project: Project;
  cwd: string;
  /** Boxer's installation folder. */
  root: string;
}
