import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { alternate, type Comparison } from './samples.ts';

const PROJECT = 'bench-cost';

/**
 * Three services of one image: native, boxed and phantom. The native and the boxed one print the time and end
 * at once.
 */
const COMPOSE = `
services:
  native: { image: "debian:bookworm-slim", command: [date, "+%s%N"] }
  boxed: { image: "debian:bookworm-slim", command: [date, "+%s%N"], x-boxer: container }
  stays: { image: "debian:bookworm-slim", command: [sleep, "600"], x-boxer: container }
  away: { image: "debian:bookworm-slim", command: [sleep, "600"], x-boxer: lambda }
`;

async function inProject<T>(
  work: (docker: (...args: string[]) => Promise<string>) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'boxer-bench-'));
  writeFileSync(join(directory, 'compose.yaml'), COMPOSE);
  const docker = async (...args: string[]) =>
    (await execa('docker', args, { cwd: directory, env: { COMPOSE_PROJECT_NAME: PROJECT }, stdin: 'ignore' }))
      .stdout;
  try {
    await docker('boxer', 'up', '-d');
    return await work(docker);
  } finally {
    await docker('boxer', 'down', '-t', '1').catch(() => undefined);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Measures the time in ms from `docker start` until the guest reads the clock. */
export function startUpSamples(runs: number): Promise<Comparison> {
  return inProject(async (docker) => {
    const sample = async (service: string) => {
      const before = Date.now();
      const printed = await docker('start', '--attach', `${PROJECT}-${service}-1`);
      return Number(printed.trim().split('\n').at(-1)) / 1e6 - before;
    };
    const [native, boxed] = await alternate(
      runs,
      () => sample('native'),
      () => sample('boxed'),
    );
    return {
      title: 'start of a container, to its guest’s first instruction',
      unit: 'ms',
      aim: 'difference 60 ms',
      series: [
        { label: 'native', samples: native },
        { label: 'boxed', samples: boxed },
      ],
    };
  });
}

/**
 * The supervisor of a container: its first process, or the one that the launcher has started beside the
 * guest.
 */
function supervisorBelow(pid: string): string {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
  const isSupervisor = (child: string) =>
    readFileSync(`/proc/${child}/cmdline`, 'latin1').includes('/start.cjs\0beside\0');
  return children.filter(Boolean).find(isSupervisor) ?? pid;
}

/** Resident memory in MB of the supervisor in the container. */
async function residentMemory(
  docker: (...args: string[]) => Promise<string>,
  container: string,
): Promise<number> {
  const pid = (await docker('inspect', '--format', '{{.State.Pid}}', container)).trim();
  const status = readFileSync(`/proc/${supervisorBelow(pid)}/status`, 'latin1');
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
  return Number(kilobytes) / 1024;
}

export function supervisorMemory(): Promise<{ supervisor: number; phantom: number }> {
  return inProject(async (docker) => {
    // The start-up of both has to be over, because the memory that they need permanently is measured.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return {
      supervisor: await residentMemory(docker, `${PROJECT}-stays-1`),
      phantom: await residentMemory(docker, `${PROJECT}-away-1`),
    };
  });
}

/** The size in MB of /opt/boxer as a gzipped tar, as a registry stores a layer. */
export async function runtimeSize(): Promise<number> {
  const images: unknown = JSON.parse(
    readFileSync(new URL('../../build/images.json', import.meta.url), 'utf8'),
  );
  const image = String(typeof images === 'object' && images ? Reflect.get(images, 'runtime') : '');
  const container = (await execa('docker', ['create', image])).stdout.trim();
  try {
    const { stdout } = await execa('sh', ['-c', 'docker export "$0" | gzip -6 | wc -c', container]);
    return Number(stdout) / 1e6;
  } finally {
    await execa('docker', ['rm', container]);
  }
}
