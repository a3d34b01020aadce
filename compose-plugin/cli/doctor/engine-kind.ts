import * as z from 'zod/mini';
import { type Docker, docker } from '../../engine/docker.ts';

const information = z.object({
  OperatingSystem: z.string(),
  DriverStatus: z.nullish(z.array(z.array(z.string()))),
  SecurityOptions: z.nullish(z.array(z.string())),
  CgroupDriver: z.string(),
});

/** Describes the kind of the engine in words; docs/engines.md explains what each kind means for Boxer. */
export async function engineKind(engine: Docker): Promise<string[]> {
  const { stdout } = await docker(engine, ['info', '--format', '{{json .}}']);
  const parsed = information.safeParse(parseOrNothing(stdout));
  if (!parsed.success) return [];
  const { OperatingSystem, DriverStatus, SecurityOptions, CgroupDriver } = parsed.data;
  const has = (option: string) => (SecurityOptions ?? []).some((one) => one.startsWith(`name=${option}`));
  const containerd = (DriverStatus ?? []).some(([, value]) => value?.startsWith('io.containerd.snapshotter'));
  return [
    ...(OperatingSystem.includes('Docker Desktop') ? ['Docker Desktop'] : []),
    ...(containerd ? ['containerd image store'] : []),
    ...(has('rootless') ? ['rootless'] : []),
    ...(has('userns') ? ['userns-remap'] : []),
    ...(CgroupDriver === 'none' ? ['no cgroups: no limit of memory, no frozen functions'] : []),
  ];
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
