import { readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';

/** CPU seconds since the start of whatever is counted, by account: "phantoms", "dockerd", "whole machine". */
export type Accounts = ReadonlyMap<string, number>;

/** The kernel's USER_HZ, in which /proc counts. */
const TICKS = 100;
const DAEMONS = new Set(['dockerd', 'containerd', 'containerd-shim']);

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // The process has ended meanwhile.
  }
};

/** The name of a process, its own CPU seconds, and those with the children that it has waited for. */
function processTimes(pid: number | string): { name: string; own: number; seconds: number } {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const sum = (end: number) =>
    fields.slice(11, end).reduce((ticks, field) => ticks + Number(field), 0) / TICKS || 0;
  const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  return { name, own: sum(13), seconds: sum(15) };
}

/** CPU seconds of a process's control group, of either version. */
function groupSeconds(pid: number): number {
  const groups = read(`/proc/${pid}/cgroup`);
  const first = /^\d+:(?:[^:]*,)?cpuacct(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1];
  if (first !== undefined) return Number(read(`/sys/fs/cgroup/cpuacct${first}/cpuacct.usage`)) / 1e9;
  const second = /^0::(.*)$/m.exec(groups)?.[1] ?? '';
  return Number(/^usage_usec (\d+)$/m.exec(read(`/sys/fs/cgroup${second}/cpu.stat`))?.[1] ?? 0) / 1e6;
}

const descendants = (pid: number): number[] =>
  read(`/proc/${pid}/task/${pid}/children`)
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)
    .flatMap((child) => [child, ...descendants(child)]);

/** The accounts of a container's first process and of all that runs beside it. */
function accountsOf(service: string, target: string, image: string): readonly [string, string] {
  if (image.startsWith('lambda-local/function')) return ['supervisors in functions', 'guests'];
  if (target === 'lambda') return ['phantoms', 'health checks'];
  if (service === 'api') return ['guests', 'health checks'];
  return service.startsWith('boxer-') ? [service, service] : ['web and redis', 'web and redis'];
}

async function containers(project: string) {
  const format = '{{.ID}}|{{.Label "com.docker.compose.service"}}|{{.Label "io.boxer.target"}}|{{.Image}}';
  const { stdout } = await execa('docker', ['ps', '--no-trunc', '--format', `${format}|{{.Names}}`]);
  const rows = stdout.split('\n').map((line) => line.split('|'));
  const own = rows.filter(([, , , , name = '']) => name.includes(project));
  const ids = own.map(([id = '']) => id);
  const pids = await execa('docker', ['inspect', '--format', '{{.State.Pid}}', ...ids]);
  return pids.stdout.split('\n').map((pid, index) => {
    const [, service = '', target = '', image = ''] = own[index] ?? [];
    return { pid: Number(pid), accounts: accountsOf(service, target, image) };
  });
}

/** Reads the accounts of this moment. `project`: the name of the Compose project. */
export async function readAccounts(project: string): Promise<Accounts> {
  const accounts = new Map<string, number>();
  const add = (account: string, seconds: number) =>
    accounts.set(account, (accounts.get(account) ?? 0) + seconds);
  for (const { pid, accounts: of } of await containers(project)) {
    const [first, others] = of;
    const { own, seconds } = processTimes(pid);
    const waited = first === 'supervisors in functions' ? own : seconds;
    // A guest that serves is a descendant; a health check comes from outside.
    const guests = first === 'guests' ? descendants(pid) : [];
    const below = guests.reduce((sum, one) => sum + processTimes(one).own, 0);
    add(first, waited + below);
    add(others, Math.max(0, groupSeconds(pid) - waited - below));
  }
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const { name, seconds } = processTimes(pid);
    if (DAEMONS.has(name)) add(name, seconds);
  }
  const busy = read('/proc/stat').split('\n')[0]?.trim().split(/ +/).slice(1) ?? [];
  const idle = Number(busy[3]) + Number(busy[4]);
  add('whole machine', (busy.slice(0, 8).reduce((sum, field) => sum + Number(field), 0) - idle) / TICKS);
  return accounts;
}

/** What each account has spent from `before` to `after`. */
export function spent(before: Accounts, after: Accounts): Accounts {
  return new Map([...after].map(([account, seconds]) => [account, seconds - (before.get(account) ?? 0)]));
}
