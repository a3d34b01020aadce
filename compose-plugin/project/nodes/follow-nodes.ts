import { type NodeEvent, nodeEvent } from '../../../supervisor/published/node-config.ts';
import type { Docker } from '../../engine/docker.ts';
import { containerIds } from '../../engine/ids.ts';
import { dockerLines } from '../../engine/lines.ts';
import { json } from './read-nodes.ts';

/** The label filters of a project's seed. */
const seedOf = (project: string) => [
  `label=com.docker.compose.project=${project}`,
  'label=io.boxer.role=seed',
];

/** Yields once at the beginning, and again whenever the seed starts. */
async function* starts(engine: Docker, project: string): AsyncGenerator<unknown> {
  const filters = [...seedOf(project), 'event=start', 'type=container'];
  const events = dockerLines(engine, ['events', ...filters.flatMap((filter) => ['--filter', filter])]);
  // The events are subscribed before the first element is yielded, so no start is missed.
  const first = events.next();
  yield undefined;
  for (let event = await first; !event.done; event = await events.next()) yield event.value;
}

/**
 * Yields the events of a project's nodes, first one for every existing node. Continues with the next seed
 * when a seed ends.
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
