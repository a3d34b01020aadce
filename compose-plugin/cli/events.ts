import type { NodeEvent } from '../../supervisor/published/node-config.ts';
import { standingOverride } from '../compose/standing-override.ts';
import { followNodes } from '../project/nodes/follow-nodes.ts';
import { projectOf } from '../project/nodes/project-of.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { parseVerbArguments } from './verb-arguments.ts';

/**
 * `events`: Compose's container events mixed with node events in the same form. Past events are only
 * Compose's.
 */
export async function events(context: Context): Promise<number> {
  const override = await standingOverride(context);
  if (override === undefined) return runVerb(context, []);
  const { flags, words } = parseVerbArguments('events', context.invocation.args);
  const end = new AbortController();
  const signal = AbortSignal.any([context.engine.signal, end.signal]);
  const printing = flags.has('--until')
    ? Promise.resolve()
    : printNodes({ ...context, engine: { ...context.engine, signal } }, flags.has('--json'), words);
  try {
    return await runVerb(context, [override]);
  } finally {
    end.abort();
    await printing;
  }
}

async function printNodes(context: Context, json: boolean, services: readonly string[]): Promise<void> {
  const { engine, print } = context;
  for await (const event of followNodes(engine, await projectOf(context)))
    if (services.length === 0 || services.includes(event.node.service))
      print(json ? jsonLine(event) : textLine(event));
}

const attributes = ({ node }: NodeEvent) => ({
  role: node.role,
  address: node.address,
  ports: node.ports.join(','),
  names: node.names.join(','),
  container: node.container.slice(0, 12),
});

/** A node event in the form of `docker compose events --json`. */
function jsonLine(event: NodeEvent): string {
  const { time, event: action, node } = event;
  const at = new Date(time).toISOString();
  const id = `node-${node.id}`;
  return JSON.stringify({
    time: at,
    type: 'node',
    service: node.service,
    id,
    action,
    attributes: attributes(event),
  });
}

/**
 * A node event in the form of `docker compose events`: local time, type, action, id, attributes in
 * parentheses.
 */
function textLine(event: NodeEvent): string {
  const { time, event: action, node } = event;
  const local = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  const at = local.toISOString().replace('T', ' ').replace('Z', '000');
  const rest = Object.entries({ service: node.service, ...attributes(event) })
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}=${value}`);
  return `${at} node ${action} node-${node.id} (${rest.join(', ')})`;
}
