import type { NodeStatus } from '../../../supervisor/published/node-config.ts';

/** Order of states: the serving node first, then its successor, then its predecessor. */
const ORDER = ['up', 'standby', 'starting', 'draining'];

/** The nodes of the container with this id: two while its function is renewed. */
export function nodesOf(nodes: readonly NodeStatus[], id: string): NodeStatus[] {
  return (
    nodes
      // A supervisor takes its container's id from the hostname or the cgroup, so the id may be short.
      .filter(({ container }) => container !== '' && id.startsWith(container))
      .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
  );
}
