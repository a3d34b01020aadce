import { standingOverride } from '../compose/standing-override.ts';
import { projectOf } from '../project/nodes/project-of.ts';
import { table } from '../report/table.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { pairsOf, pairsTable } from './ps/pairs.ts';
import { collectNodes, collectReplicas, type Replica } from './ps/replicas.ts';
import { parseVerbArguments } from './verb-arguments.ts';

const own = ['--format', '--all', '-a', '--watch', '--network'];

/** Moves the cursor to the upper left and clears the screen. */
const CLEAR = '\x1b[H\x1b[J';

/** `ps`: lists every replica with its node. With a flag that only Compose knows, Compose answers. */
export async function ps(context: Context): Promise<number> {
  const { flags, words } = parseVerbArguments('ps', context.invocation.args);
  const format = flags.get('--format')?.at(-1) ?? 'table';
  const override = await standingOverride(context);
  const foreign = [...flags.keys()].some((flag) => !own.includes(flag)) || !/^(table|json)$/.test(format);
  if (override === undefined || foreign) return runVerb(context, override === undefined ? [] : [override]);

  const all = flags.has('--all') || flags.has('-a');
  const project = await projectOf(context);
  const list = async () => {
    if (!flags.has('--network')) return listing(await collectReplicas(context, project, words, all), format);
    const { replicas, nodes } = await collectNodes(context, project, words, all, true);
    const pairs = pairsOf(replicas, nodes);
    return format === 'json' ? pairs.map((pair) => JSON.stringify(pair)).join('\n') : pairsTable(pairs);
  };
  if (flags.has('--watch')) {
    const { watch } = await import('./ps/watch.ts');
    await watch(context, project, async () => {
      const text = await list();
      context.print(process.stdout.isTTY ? `${CLEAR}${text}` : text);
    });
    return 0;
  }
  const text = await list();
  if (text !== '') context.print(text);
  return 0;
}

/** The replicas as one JSON object per line, or as a table. */
function listing(replicas: readonly Replica[], format: string): string {
  if (format === 'json') return replicas.map((replica) => JSON.stringify(replica)).join('\n');
  const head = ['NAME', 'SERVICE', 'TARGET', 'NODE', 'ADDRESS', 'REQUEST ID', 'UPTIME', 'STATUS'];
  const rows = replicas.map(({ name, service, target, node, address, requestId, uptime, status }) => [
    ...[name, service, target, node ?? '-', address ?? '-', requestId ?? '-'],
    ...[uptime === undefined ? '-' : duration(uptime), status],
  ]);
  return table([head, ...rows]);
}

/** Seconds as `42s`, `3m12s`, `2h05m`, `3d4h`. */
function duration(seconds: number): string {
  const [days, hours, minutes] = [seconds / 86_400, seconds / 3600, seconds / 60].map(Math.floor);
  if (days) return `${days}d${(hours ?? 0) % 24}h`;
  if (hours) return `${hours}h${String((minutes ?? 0) % 60).padStart(2, '0')}m`;
  return minutes ? `${minutes}m${String(seconds % 60).padStart(2, '0')}s` : `${seconds}s`;
}
