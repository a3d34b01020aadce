import { closeSync, constants, openSync, readFileSync, statfsSync, unlinkSync } from 'node:fs';
import { availableParallelism, constants as os, release, totalmem } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { codeOf } from '../control/control-error.ts';
import { ephemeralPorts } from '../network/punch/local-ports.ts';
import type { Sandbox } from '../published/probe.ts';
import type { Addon, TriedCall } from '../service/addon.ts';

const MB = 2 ** 20;
/** Descriptors are counted up to this number; higher limits need not be known exactly. */
const MAX_DESCRIPTORS = 4096;

/** Files and directories that programs depend on. */
const FILES = [
  ...['/', '/etc/hosts', '/etc/resolv.conf', '/tmp', '/dev/shm', '/dev/ptmx', '/dev/pts'],
  ...['/dev/null', '/dev/urandom', '/dev/fuse', '/dev/net/tun', '/dev/kvm', '/dev/vsock', '/proc/net/tcp'],
  ...['/proc/self/mem', '/proc/self/environ', '/proc/sys/net/ipv4/ip_local_port_range', '/sys/fs/cgroup'],
];

/** Examines the environment in which this process runs. Blocks this process for some tens of ms. */
export function readSandbox(addon: Addon): Sandbox {
  const configured = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
  const memory = cgroupLimit('memory.max', 'memory/memory.limit_in_bytes');
  const processes = cgroupLimit('pids.max', 'pids/pids.max');
  return {
    kernel: release(),
    architecture: process.arch,
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
    cpus: availableParallelism(),
    memory: {
      ...(configured > 0 ? { configured } : {}),
      total: Math.round(totalmem() / MB),
      ...(memory === undefined ? {} : { cgroup: Math.round(memory / MB) }),
    },
    // This is read from the mount options, as a user without permission gets EACCES before EROFS.
    rootReadOnly: mountAt('/')?.[3]?.split(',').includes('ro') ?? false,
    tmp: sizeOfTmp(),
    limits: limits(readText('/proc/self/limits')),
    ...(processes === undefined ? {} : { processes }),
    descriptors: countDescriptors(),
    status: status(readText('/proc/self/status')),
    ephemeralPorts: ephemeralPorts(),
    calls: addon.tryCalls().map((call) => ({ name: call.name, result: resultOf(call) })),
    files: FILES.map((path) => ({
      path,
      read: attempt(() => closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))),
      write: tryToWrite(path),
    })),
  };
}

/** Runs `work` and returns `ok`, or the name of the errno. */
function attempt(work: () => void): string {
  try {
    work();
    return 'ok';
  } catch (error) {
    return codeOf(error) || 'unknown';
  }
}

/**
 * Tries to write: to a directory by creating a file in it, to any other file by opening it. Leaves no change.
 */
function tryToWrite(path: string): string {
  const file = `${path}/.boxer-probe-${process.pid}`;
  const made = attempt(() => closeSync(openSync(file, 'wx')));
  if (made === 'ok') unlinkSync(file);
  if (made !== 'ENOTDIR') return made;
  return attempt(() => closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)));
}

export function resultOf({ errno, signal }: TriedCall): string {
  if (signal !== 0) {
    const name = Object.entries(os.signals).find(([, number]) => number === signal)?.[0];
    return `killed by ${name ?? signal}`;
  }
  return errno === 0 ? 'ok' : getSystemErrorName(-errno);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/**
 * Parses /proc/self/limits. Names have spaces, and at least two spaces separate the columns, as in `Max open
 * files      1024      1024      files`.
 */
export function limits(text: string): Sandbox['limits'] {
  const rows = text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [name, soft, hard] = line.trim().split(/\s{2,}/);
      return name && soft && hard ? [[name.replace(/^Max /, ''), { soft, hard }] as const] : [];
    });
  return Object.fromEntries(rows);
}

const STATUS = /^(CapBnd|CapEff|CapPrm|NoNewPrivs|Seccomp|Seccomp_filters|Groups|NSpid|Threads):\s*(.*)$/gm;

function status(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(STATUS)].map(([, key = '', value = '']) => [key, value.trim()]),
  );
}

function sizeOfTmp(): Sandbox['tmp'] {
  const { bsize, blocks, bavail } = statfsSync('/tmp');
  const type = (mountAt('/tmp') ?? mountAt('/'))?.[2] ?? 'unknown';
  const mb = (count: number) => Math.round((count * bsize) / MB);
  return { size: mb(blocks), free: mb(bavail), type };
}

/**
 * Returns device, mount point, type and options of the mount at `path`; undefined if nothing is mounted
 * there.
 */
function mountAt(path: string): string[] | undefined {
  return readText('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, place]) => place === path);
}

/** Opens descriptors until the system refuses one, or up to `MAX_DESCRIPTORS`, and closes them again. */
function countDescriptors(): Sandbox['descriptors'] {
  const open: number[] = [];
  try {
    const refused = attempt(() => {
      while (open.length < MAX_DESCRIPTORS) open.push(openSync('/dev/null', 'r'));
    });
    return { opened: open.length, refused };
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

/**
 * Returns a limit of the control group, version 2 or 1; undefined if there is none, or if it cannot be read.
 */
function cgroupLimit(...places: readonly string[]): number | undefined {
  const limit = Number(places.map((path) => readText(`/sys/fs/cgroup/${path}`)).find((text) => text !== ''));
  return limit > 0 && limit < 2 ** 60 ? limit : undefined;
}
