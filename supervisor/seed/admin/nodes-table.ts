import type { NodeStatus } from '../../published/node-config.ts';

const HEADINGS = ['ID', 'SERVICE', 'ROLE', 'STATE', 'SINCE', 'ADDRESS', 'PORTS', 'CONTAINER', 'NAMES'];

/**
 * Returns the nodes in aligned columns as `docker ps` prints them, one line for each node. `now` is in ms
 * since the epoch.
 */
export function nodesTable(nodes: readonly NodeStatus[], now: number): string {
  const rows = [
    HEADINGS,
    ...nodes.map((node) => [
      String(node.id),
      node.service,
      node.role,
      node.state,
      duration(now - node.since),
      node.address,
      node.ports.join(',') || '-',
      node.container.slice(0, 12) || '-',
      node.names.join(','),
    ]),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** Returns a duration such as `5s`, `3m`, `2h` or `4d`. */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${unit}`;
}
