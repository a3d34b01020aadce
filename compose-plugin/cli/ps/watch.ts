import { dockerLines } from '../../engine/lines.ts';
import { followNodes } from '../../project/nodes/follow-nodes.ts';
import type { Context } from '../context.ts';

/** The shortest time between two lists, ms. A burst of events counts as one change. */
const QUIET = 250;

/**
 * The container events that change the list. `exec` events do not: the plugin itself asks the seed by exec.
 */
const EVENTS = ['create', 'start', 'die', 'destroy', 'pause', 'unpause', 'rename', 'health_status'];

/**
 * Calls `show` at once and after every change of the project's containers and nodes, one call at a time,
 * until cancelled.
 */
export async function watch(context: Context, project: string, show: () => Promise<void>): Promise<void> {
  const { engine } = context;
  let changed = Promise.withResolvers<void>();
  const tell = async (events: AsyncIterable<unknown>) => {
    for await (const _ of events) changed.resolve();
  };
  const filters = [`label=com.docker.compose.project=${project}`, ...EVENTS.map((name) => `event=${name}`)];
  const containers = dockerLines(engine, ['events', ...filters.flatMap((filter) => ['--filter', filter])]);
  const sources = Promise.all([tell(containers), tell(followNodes(engine, project))]);
  const ended = sources.then(() => false);
  do {
    changed = Promise.withResolvers<void>();
    await show();
    await pause(engine.signal);
  } while (await Promise.race([changed.promise.then(() => true), ended]));
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, QUIET);
    signal.addEventListener('abort', end, { once: true });
  });
}
