import { FUNCTION_ADDRESS, SERVICE_ADDRESS } from '../nat/rules.ts';
import type { DeclaredVolumes } from './declared-volumes.ts';
import { seccompProfile } from './seccomp.ts';

/** What one sandbox is made of. */
export interface SandboxSpec {
  readonly functionName: string;
  /** A name that stays as long as the function does: an id may be gone as soon as a tag moves. */
  readonly image: string;
  readonly argv: readonly string[];
  readonly workingDirectory: string | undefined;
  /** `NAME=value`, on top of the image's own. */
  readonly environment: readonly string[];
  /** MB */
  readonly memorySize: number;
  /** MB of /tmp */
  readonly ephemeralStorage: number;
  /** Paths that the image declares as volumes. */
  readonly volumes: DeclaredVolumes;
}

/** Label of everything that one local Lambda makes; its value is the instance. */
export const INSTANCE_LABEL = 'lambda-local.instance';
const FUNCTION_LABEL = 'lambda-local.function';

/** Where the sandbox finds the program that holds the entrypoint back until the network is there. */
export const GATE_DIRECTORY = '/var/rapid';
export const GATE_PROGRAM = `${GATE_DIRECTORY}/busybox`;
const GATE = [GATE_PROGRAM, 'sh', '-c', 'read -r go && exec "$@" </dev/null', 'gate'];
const MB = 1024 * 1024;
const DESCRIPTORS = 1024;
const PROCESSES = 1024;
/** The user of every function whatever its image says. */
const USER = '993:990';

/** The Engine's words for a sandbox like Lambda's. `gateVolume` holds the gate's program. */
export function containerOptions(spec: SandboxSpec, instance: string, gateVolume: string): object {
  return {
    Image: spec.image,
    Labels: { [INSTANCE_LABEL]: instance, [FUNCTION_LABEL]: spec.functionName },
    // Lambda's host names say no more than its addresses do.
    Hostname: FUNCTION_ADDRESS,
    User: USER,
    Entrypoint: [...GATE],
    Cmd: [...spec.argv],
    ...(spec.workingDirectory !== undefined && { WorkingDir: spec.workingDirectory }),
    Env: [...spec.environment],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    // The image's own health check would wake a frozen sandbox.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: 'none',
      IpcMode: 'none',
      Dns: [SERVICE_ADDRESS],
      DnsSearch: ['.'],
      LogConfig: { Type: 'none', Config: {} },
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${spec.ephemeralStorage * MB}` },
      Mounts: [
        { Type: 'volume', Source: gateVolume, Target: GATE_DIRECTORY, ReadOnly: true },
        ...spec.volumes.covered.map((path) => ({ Type: 'tmpfs', Target: path })),
      ],
      // No terminals either: /dev/ptmx leads there.
      MaskedPaths: [...MASKED, '/dev/pts'],
      Memory: spec.memorySize * MB,
      MemorySwap: spec.memorySize * MB,
      PidsLimit: PROCESSES,
      Ulimits: [{ Name: 'nofile', Soft: DESCRIPTORS, Hard: DESCRIPTORS }],
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', `seccomp=${seccompProfile()}`],
    },
  };
}

/** The Engine's own list, which naming any path replaces. */
const MASKED = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
];
