import { dockerOutput } from '../engine/docker.ts';
import type { OverrideContext } from './override-context.ts';

/**
 * The project's name without a readable model: the label of its containers, else the name by Compose's rules.
 */
export async function standingName({ engine, invocation, project }: OverrideContext): Promise<string> {
  const given = invocation.projectName ?? engine.env.COMPOSE_PROJECT_NAME;
  if (given) return given;
  const listed = await dockerOutput(engine, [
    ...['ps', '--all', '--filter', `label=com.docker.compose.project.working_dir=${project.directory}`],
    ...['--format', '{{.Label "com.docker.compose.project"}}'],
  ]);
  return listed.split('\n').find((name) => name !== '') ?? project.name;
}
