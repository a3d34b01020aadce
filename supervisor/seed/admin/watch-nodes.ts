import { isDeepStrictEqual } from 'node:util';
import type { Session } from '../../control/session.ts';
import { NodeChanged } from '../../protocol/admin.ts';
import type { NodeEvent, NodeStatus } from '../../published/node-config.ts';
import { statusOf } from '../nodes/node-record.ts';
import type { NodeRegistry } from '../nodes/node-registry.ts';

/** Returns the event for a change of a node; undefined if nothing visible has changed. */
function eventOf(before: NodeStatus | undefined, node: NodeStatus | undefined): NodeEvent | undefined {
  const time = Date.now();
  if (!node) return before && { time, event: 'left', node: before };
  if (!before) return { time, event: node.state, node };
  if (before.state !== node.state) return { time, event: node.state, node };
  return isDeepStrictEqual(before, node) ? undefined : { time, event: 'changed', node };
}

/**
 * Returns all nodes, and notifies the session of every change from now on. A session that does not read is
 * dropped by its own limit.
 */
export function watchNodes(session: Session, registry: NodeRegistry): { nodes: NodeStatus[] } {
  const told = new Map(registry.all().map((node) => [node.id, statusOf(node)]));
  const unsubscribe = registry.onChange((id) => {
    const node = registry.get(id);
    const status = node && statusOf(node);
    const event = eventOf(told.get(id), status);
    if (status) told.set(id, status);
    else told.delete(id);
    if (event) session.notify(NodeChanged, event);
  });
  void session.closed.then(unsubscribe);
  return { nodes: [...told.values()] };
}
