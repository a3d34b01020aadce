import { standingOverride } from '../compose/standing-override.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { collectReplicas } from './ps/replicas.ts';
import { table } from './table.ts';
import { parseVerbArguments } from './verb-arguments.ts';

const own = ['--format', '--all', '-a'];

/** `ps`: every replica with its node. Flags that only Compose knows are answered by Compose. */
export async function ps(context: Context): Promise<number> {
  const { flags, words } = parseVerbArguments('ps', context.invocation.args);
  const format = flags.get('--format')?.at(-1) ?? 'table';
  const override = await standingOverride(context);
  const foreign = [...flags.keys()].some((flag) => !own.includes(flag)) || !/^(table|json)$/.test(format);
  if (override === undefined || foreign) return runVerb(context, override === undefined ? [] : [override]);

  const all = flags.has('--all') || flags.has('-a');
  const replicas = await collectReplicas(context, words, all);
  if (format === 'json') {
    for (const replica of replicas) context.print(JSON.stringify(replica));
    return 0;
  }
  const head = ['NAME', 'SERVICE', 'TARGET', 'NODE', 'ADDRESS', 'REQUEST ID', 'UPTIME', 'STATUS'];
  const rows = replicas.map(({ name, service, target, node, address, requestId, uptime, status }) => [
    ...[name, service, target, node ?? '-', address ?? '-', requestId ?? '-'],
    ...[uptime === undefined ? '-' : duration(uptime), status],
  ]);
  context.print(table([head, ...rows]));
  return 0;
}

/** Seconds as `42s`, `3m12s`, `2h05m`, `3d4h`. */
function duration(seconds: number): string {
  const [days, hours, minutes] = [seconds / 86_400, seconds / 3600, seconds / 60].map(Math.floor);
  if (days) return `${days}d${(hours ?? 0) % 24}h`;
  if (hours) return `${hours}h${String((minutes ?? 0) % 60).padStart(2, '0')}m`;
  return minutes ? `${minutes}m${String(seconds % 60).padStart(2, '0')}s` : `${seconds}s`;
}
