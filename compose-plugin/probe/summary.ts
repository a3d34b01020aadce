import type {
  FunctionReport,
  Network,
  PeerReport,
  Sandbox,
  Times,
  Trial,
} from '../../supervisor/published/probe.ts';
import { providerOf } from '../provider/providers.ts';
import { table } from '../report/table.ts';
import type { ProbeReport } from './report.ts';

/** The report as text: the measurements of each function, and the conclusions. */
export function renderProbe(report: ProbeReport): string {
  const { provider, region, architecture, memory, functions, errors } = report;
  const [a, b] = functions;
  const where = providerOf(provider).probe.title(region);
  const parts = [`Probe: provider ${where}, ${architecture}, ${memory} MB, Boxer ${report.boxer}`];
  const rows = [...networkRows(a, b), ...peerRows(a, b), ...startRows(report), ...sandboxRows(a, b)];
  if (rows.length > 0) parts.push(table([['MEASURED', 'A', 'B', 'MEANS'], ...rows]));
  const refused = refusals(a ?? b);
  if (refused.length > 0) parts.push(`Refused or absent in the function:\n${refused.join('\n')}`);
  const problems = [
    ...errors,
    ...functions.flatMap(({ side, sandbox, network, peer }) =>
      [sandbox, network, peer].flatMap((part) => (part && 'error' in part ? [`${side}: ${part.error}`] : [])),
    ),
  ];
  if (problems.length > 0) parts.push(`Not measured:\n${problems.map((text) => `  ${text}`).join('\n')}`);
  return parts.join('\n\n');
}

type Maybe = FunctionReport | undefined;

const networkOf = (one: Maybe): Network | undefined =>
  one?.network && 'nat' in one.network ? one.network : undefined;
const sandboxOf = (one: Maybe): Sandbox | undefined =>
  one && 'calls' in one.sandbox ? one.sandbox : undefined;
const peerOf = (one: Maybe): PeerReport | undefined =>
  one?.peer && 'punch' in one.peer ? one.peer : undefined;

/** A row with the values of `of` for both functions; no row if neither has a value. */
function row<T>(
  name: string,
  a: T | undefined,
  b: T | undefined,
  of: (one: T) => string,
  means = '',
): string[][] {
  if (a === undefined && b === undefined) return [];
  const cell = (one: T | undefined) => (one === undefined ? '-' : of(one));
  return [[name, cell(a), cell(b), means]];
}

const shown = ({ min, median, max }: Times) => `${median} ms (${min} to ${max})`;

const natMeans: Readonly<Record<Network['nat'], string>> = {
  none: 'can be reached from outside',
  preserving: 'punching, with ports chosen beforehand',
  mapped: 'punching, with ports that the seed has seen',
  symmetric: 'no punching: the relay',
  unknown: 'the relay',
};

const filteringMeans: Readonly<Record<Network['filtering'], string>> = {
  silent: 'first packets may cross: punched at the first try',
  resetting: 'early packets are reset and sent again',
  unknown: '',
};

function networkRows(first: Maybe, second: Maybe): string[][] {
  const [a, b] = [networkOf(first), networkOf(second)];
  const one = a ?? b;
  if (!one) return [];
  return [
    ...row('NAT', a, b, ({ nat }) => nat, natMeans[one.nat]),
    ...row(
      'ports kept',
      a,
      b,
      ({ portsKept, mappings }) => `${portsKept * mappings.length} of ${mappings.length}`,
    ),
    ...row(
      'a packet that nobody asked for',
      a,
      b,
      ({ filtering }) => filtering,
      filteringMeans[one.filtering],
    ),
    ...row('seen from outside as', a, b, ({ observed }) => observed.address, sharedMeans(a, b, 'observed')),
    ...row('own address', a, b, ({ localAddress }) => localAddress, sharedMeans(a, b, 'local')),
    ...row(
      'by its own public address',
      a,
      b,
      ({ hairpin }) => hairpin,
      one.hairpin === 'ok' ? 'hairpin' : 'no hairpin',
    ),
    ...row('connect to the seed', a, b, ({ seed }) => shown(seed.connect)),
    ...row('round trip to the seed', a, b, ({ seed }) => shown(seed.roundTrip)),
    ...row('throughput to the seed', a, b, ({ seed: { upload } }) => `${upload.megabitsPerSecond} Mbit/s`),
  ];
}

function sharedMeans(a: Network | undefined, b: Network | undefined, which: 'observed' | 'local'): string {
  if (!a || !b) return '';
  const of = (one: Network) => (which === 'observed' ? one.observed.address : one.localAddress);
  if (of(a) !== of(b)) return 'one each';
  return which === 'observed'
    ? 'shared: connections between them need hairpin'
    : 'shared: it identifies nobody';
}

function peerRows(first: Maybe, second: Maybe): string[][] {
  const [a, b] = [peerOf(first), peerOf(second)];
  return [
    ...row(
      'directly',
      a,
      b,
      ({ direct }) => direct,
      b?.direct === 'ok' ? 'one network' : 'no common network',
    ),
    ...row('punched, plainly', a, b, ({ punch }) => trials(punch.plain)),
    ...row('punched, with random pauses', a, b, ({ punch }) => trials(punch.jittered), 'what Boxer does'),
    ...row('round trip a to b', a?.roundTrip, undefined, shown),
    ...row(
      'throughput a to b',
      a?.throughput,
      undefined,
      ({ megabitsPerSecond }) => `${megabitsPerSecond} Mbit/s`,
    ),
  ];
}

/** `5 of 5, 1.2 ms, 0 retries`: successful trials, their median time, and the retries of all trials. */
function trials(all: readonly Trial[]): string {
  const good = all.filter(({ ok }) => ok);
  const retries = all.reduce((sum, trial) => sum + trial.retries, 0);
  const times = good.map(({ ms }) => ms).sort((x, y) => x - y);
  const median = times[times.length >> 1];
  const failed = all.find(({ error }) => error !== undefined)?.error;
  return [
    `${good.length} of ${all.length}`,
    ...(median === undefined ? [] : [`${median} ms`]),
    ...(retries === 0 ? [] : [`${retries} retries`]),
    ...(failed === undefined ? [] : [failed]),
  ].join(', ');
}

function startRows({ starts }: ProbeReport): string[][] {
  return (['cold', 'warm'] as const).flatMap((kind) => {
    const [a, b] = starts.filter((start) => start.kind === kind);
    const of = ({ firstByte }: { firstByte: number }) => `${firstByte} ms`;
    const means = kind === 'cold' && a ? `of these, since the process started: ${a.process} ms` : '';
    return row(`first byte, ${kind}`, a, b, of, means);
  });
}

function sandboxRows(first: Maybe, second: Maybe): string[][] {
  const [a, b] = [sandboxOf(first), sandboxOf(second)];
  return [
    ...row('kernel', a, b, ({ kernel, architecture }) => `${kernel} ${architecture}`),
    ...row('user', a, b, ({ uid, gid }) => `${uid}:${gid}`),
    ...row('CPUs, memory', a, b, ({ cpus, memory }) => `${cpus}, ${memory.cgroup ?? memory.total} MB`),
    ...row('root', a, b, ({ rootReadOnly }) => (rootReadOnly ? 'read-only' : 'writable')),
    ...row('/tmp', a, b, ({ tmp }) => `${tmp.size} MB, ${tmp.type}`),
    ...row('descriptors', a, b, ({ descriptors: { opened, refused } }) =>
      refused === 'ok' ? `more than ${opened}` : `${opened} more, then ${refused}`,
    ),
    ...row('processes', a, b, ({ processes, limits }) => String(processes ?? limits.processes?.soft)),
  ];
}

/** The system calls that the sandbox refuses, of one function: both have the same sandbox. */
function refusals(one: Maybe): string[] {
  const sandbox = sandboxOf(one);
  if (!sandbox) return [];
  const { calls, files } = sandbox;
  const call = calls.filter(({ result }) => result !== 'ok').map(({ name, result }) => [`  ${name}`, result]);
  const absent = files.filter(({ read }) => read !== 'ok').map(({ path, read }) => [`  ${path}`, read]);
  const rows = [...call, ...absent];
  return rows.length === 0 ? [] : [table(rows)];
}
