import type { Project } from '../compose/project.ts';
import type { Docker } from '../engine/docker.ts';
import type { Invocation } from '../invocation/invocation.ts';

/** How the user is told something while a verb works. */
export interface Say {
  /** A sentence for the user's eyes, on a terminal only. */
  progress: (text: string) => void;
  /** A sentence that matters also where nobody watches. */
  warn: (text: string) => void;
}

/** What a verb hands to the rooms below it: the engine, the project, and the way to tell the user something. */
export interface Work extends Say {
  invocation: Invocation;
  engine: Docker;
  project: Project;
  cwd: string;
  /** Folder of Boxer itself. */
  root: string;
}
