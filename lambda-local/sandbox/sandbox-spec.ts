import { FUNCTION_ADDRESS, SERVICE_ADDRESS } from '../nat/rules.ts';
import type { DeclaredVolumes } from './declared-volumes.ts';
import { seccompProfile } from './seccomp.ts';

/** The properties of one sandbox. */
export interface SandboxSpec {
  readonly functionName: string;
  /** An image name that stays as long as the function: an id may become invalid as soon as a tag moves. */
  readonly image: string;
  readonly argv: readonly string[];
  readonly workingDirectory: string | undefined;
  /** `NAME=value`, in addition to the variables of the image. */
  readonly environment: readonly string[];
  /** MB */
  readonly memorySize: number;
  /** MB of /tmp */
  readonly ephemeralStorage: number;
  /** Paths that the image declares as volumes. */
  readonly volumes: DeclaredVolumes;
}

/** The label of every container and volume that a local Lambda makes. Its value is the instance. */
export const INSTANCE_LABEL = 'lambda-local.instance';
const FUNCTION_LABEL = 'lambda-local.function';

/** The folder with the program that delays a sandbox's entrypoint until the network is ready. */
export const GATE_DIRECTORY = '/var/rapid';
export const GATE_PROGRAM = `${GATE_DIRECTORY}/busybox`;
const GATE = [GATE_PROGRAM, 'sh', '-c', 'read -r go && exec "$@" </dev/null', 'gate'];
const MB = 1024 * 1024;
const DESCRIPTORS = 1024;
const PROCESSES = 1024;
/** The user and group of every function, as on Lambda. The USER of an image has no effect. */
const USER = '993:990';

/** The Engine API's options of a sandbox like Lambda's. `gateVolume` contains the gate's program. */
export function containerOptions(spec: SandboxSpec, instance: string, gateVolume: string): object {
  return {
    Image: spec.image,
    Labels: { [INSTANCE_LABEL]: instance, [FUNCTION_LABEL]: spec.functionName },
    // As on Lambda, the host name is an address.
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
    // The image's health check would wake a frozen sandbox.
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
      // Lambda has no terminals: /dev/ptmx is a link to /dev/pts/ptmx.
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

/** The Engine's default list, which has to be repeated because `MaskedPaths` replaces it. */
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
