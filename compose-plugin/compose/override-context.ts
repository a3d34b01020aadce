import type { Docker } from '../engine/docker.ts';
import type { Invocation } from '../invocation/invocation.ts';
import type { Project } from './project.ts';

/** Everything that is needed to find or make an override. */
export interface OverrideContext {
  engine: Docker;
  invocation: Invocation;
  project: Project;
  cwd: string;
}
