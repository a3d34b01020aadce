import { labelsOf } from '../engine/ids.ts';
import type { OverrideContext } from './override-context.ts';

/**
 * The project's name without a readable model: the label of its containers, else the name by Compose's rules.
 */
export async function standingName({ engine, invocation, project }: OverrideContext): Promise<string> {
  const given = invocation.projectName ?? engine.env.COMPOSE_PROJECT_NAME;
  if (given) return given;
  const here = `label=com.docker.compose.project.working_dir=${project.directory}`;
  const names = await labelsOf(engine, 'com.docker.compose.project', here);
  return names.find((name) => name !== '') ?? project.name;
}
