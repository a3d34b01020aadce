import type { Service } from '../model.ts';
import type { Problem } from '../problem.ts';
import { travellingMounts } from './keys.ts';

const isTmp = (path: string) => path === '/tmp' || path.startsWith('/tmp/');

/** What a lambda service mounts that its function cannot have. */
export function mountProblems(name: string, service: Service): Problem[] {
  const problems: Problem[] = [];
  const base = ['services', name];
  for (const [index, mount] of (service.volumes ?? []).entries()) {
    const problem = volumeProblem(mount);
    if (problem !== undefined) problems.push({ path: [...base, 'volumes', String(index)], ...problem });
  }
  for (const [index, entry] of [service.tmpfs ?? []].flat().entries()) {
    const path = entry.split(':')[0] ?? '';
    if (!isTmp(path)) problems.push({ path: [...base, 'tmpfs', String(index)], ...outsideTmp(path) });
  }
  for (const key of ['secrets', 'configs'] as const) {
    const list = service[key];
    if (travellingMounts.includes(key) || !Array.isArray(list) || list.length === 0) continue;
    problems.push({
      path: [...base, key],
      message: `${key} do not travel to functions yet`,
      hint: 'Pass the value in the environment, or put the file into the image.',
    });
  }
  return problems;
}

type Mount = NonNullable<Service['volumes']>[number];

function volumeProblem(mount: Mount): Pick<Problem, 'message' | 'hint'> | undefined {
  if (mount.type === 'tmpfs') return isTmp(mount.target) ? undefined : outsideTmp(mount.target);
  if (mount.type === 'bind' && mount.read_only === true) {
    if (travellingMounts.includes('bind-read-only')) return undefined;
    return {
      message: `the read-only bind mount at ${mount.target} does not travel to functions yet`,
      hint: 'Put the files into the image (COPY), or keep the service unboxed.',
    };
  }
  if (mount.type === 'bind') {
    return {
      message: `the writable bind mount at ${mount.target} cannot be shared with a function`,
      hint: 'Put the files into the image, write below /tmp, or keep the service unboxed.',
    };
  }
  const kind =
    mount.type !== 'volume' ? mount.type : mount.source === undefined ? 'anonymous volume' : 'volume';
  return {
    message: `the ${kind} ${mount.source === undefined ? '' : `${mount.source} `}at ${mount.target} stays on the host, out of a function's reach`,
    hint: 'Keep what owns the data unboxed and reach it by network, or write below /tmp.',
  };
}

const outsideTmp = (path: string) => ({
  message: `tmpfs at ${path}: a function can write below /tmp only`,
  hint: 'Move it below /tmp, or map the path there with x-boxer.remap.',
});
