import { type NodeEvent, nodeEvent } from '../../../supervisor/published/node-config.ts';
import { containerIds } from '../../engine/containers.ts';
import type { Docker } from '../../engine/docker.ts';
import { dockerLines } from '../../engine/lines.ts';
import { json } from './read-nodes.ts';

/** The label filters of a project's seed. */
const seedOf = (project: string) => [
  `label=com.docker.compose.project=${project}`,
  'label=io.boxer.role=seed',
];

/** One element whenever the seed starts, and one to begin with. */
async function* starts(engine: Docker, project: string): AsyncGenerator<unknown> {
  const filters = [...seedOf(project), 'event=start', 'type=container'];
  const events = dockerLines(engine, ['events', ...filters.flatMap((filter) => ['--filter', filter])]);
  // The engine listens from the first step on, so no start is missed in between.
  const first = events.next();
  yield undefined;
  for (let event = await first; !event.done; event = await events.next()) yield event.value;
}

/**
 * What happens to the nodes of a project, beginning with every node that is there; goes on with the next seed when one ends.
 * Ends when the engine's signal aborts.
 */
export async function* followNodes(engine: Docker, project: string): AsyncGenerator<NodeEvent> {
  for await (const _ of starts(engine, project)) {
    const [seed] = await containerIds(engine, ...seedOf(project), 'status=running');
    if (seed === undefined) continue;
    for await (const line of dockerLines(engine, [
      'exec',
      seed,
      '/opt/boxer/bin/boxer',
      'nodes',
      '--watch',
    ])) {
      const parsed = nodeEvent.safeParse(json(line));
      if (parsed.success) yield parsed.data;
    }
  }
}
