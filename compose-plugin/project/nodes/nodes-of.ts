import type { NodeStatus } from '../../../supervisor/published/node-config.ts';

/** The one that serves first, the one that is about to before the one that did. */
const ORDER = ['up', 'standby', 'starting', 'draining'];

/** The nodes of the container with this id: two while its function is renewed. */
export function nodesOf(nodes: readonly NodeStatus[], id: string): NodeStatus[] {
  return (
    nodes
      // Supervisors know their container by the hostname's or the cgroup's id, which may be the short one.
      .filter(({ container }) => container !== '' && id.startsWith(container))
      .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
  );
}
