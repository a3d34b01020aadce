import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { NodeStatus } from '../../../supervisor/published/node-config.ts';
import { probeOutput } from '../../../supervisor/published/probe.ts';
import { LAST_PROBE } from '../../project/last-probe.ts';

const report = z.extend(probeOutput, { date: z.string(), provider: z.string(), region: z.string() });

/** How functions reach each other, according to the nodes that are up and the last probe from this folder. */
export function networkFindings(folder: string, nodes: readonly NodeStatus[]): string {
  const lines = [...fromNodes(nodes), ...fromProbe(folder)];
  if (lines.length === 0) lines.push('nothing is known yet: `docker boxer probe` finds out');
  return [
    'Network of functions:',
    ...lines.map((line) => `  ${line}`),
    '  Outside a VPC functions connect to each other by punching; in a VPC behind a NAT gateway, whose ports',
    '  cannot be known, all goes by the relay, through the ports above.',
  ].join('\n');
}

/** Counts the pairs of nodes by transport and reason: `12 by punch: both NATs keep ports`. */
function fromNodes(nodes: readonly NodeStatus[]): string[] {
  const counts = new Map<string, number>();
  for (const { pairs } of nodes)
    for (const { transport, why } of pairs ?? []) {
      const key = `by ${transport}: ${why}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  const lines = [...counts].sort(([, a], [, b]) => b - a).map(([key, count]) => `${count} ${key}`);
  return lines.length === 0
    ? []
    : [
        'pairs of nodes that are up, as `docker boxer ps --network` shows them:',
        ...lines.map((line) => `  ${line}`),
      ];
}

function fromProbe(folder: string): string[] {
  const found = readProbe(folder);
  if (found === undefined) return [];
  const { date, provider, region, functions } = found;
  const [nat] = functions.flatMap(({ network }) => (network && 'nat' in network ? [network] : []));
  const [peer] = functions.flatMap(({ peer: one }) => (one && 'punch' in one ? [one] : []));
  if (nat === undefined) return [];
  const good = peer?.punch.jittered.filter(({ ok }) => ok).length ?? 0;
  const all = peer?.punch.jittered.length ?? 0;
  return [
    `the probe of ${date} (${provider}, ${region}): NAT ${nat.nat}, unasked packets ` +
      `${nat.filtering}, punched ${good} of ${all}`,
  ];
}

function readProbe(folder: string): z.infer<typeof report> | undefined {
  try {
    return report.parse(JSON.parse(readFileSync(join(folder, LAST_PROBE), 'utf8')));
  } catch {
    return undefined;
  }
}
