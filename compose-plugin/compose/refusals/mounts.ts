import type { Service } from '../model.ts';
import type { Problem } from '../problem.ts';

/** Problems with mounts of a lambda service that its function cannot have. */
export function mountProblems(name: string, service: Service): Problem[] {
  const problems: Problem[] = [];
  const base = ['services', name];
  for (const [index, mount] of (service.volumes ?? []).entries()) {
    const problem = volumeProblem(mount);
    if (problem !== undefined) problems.push({ path: [...base, 'volumes', String(index)], ...problem });
  }
  return problems;
}

type Mount = NonNullable<Service['volumes']>[number];

function volumeProblem(mount: Mount): Pick<Problem, 'message' | 'hint'> | undefined {
  // The invocation carries files of read-only binds, and a tmpfs moves below /tmp: see
  // rewrite/moved-paths.ts.
  if (mount.type === 'tmpfs' || (mount.type === 'bind' && mount.read_only === true)) return undefined;
  if (mount.type === 'bind') {
    return {
      message: `the writable bind mount at ${mount.target} cannot be shared with a function`,
      hint: 'Append `:ro` where the files are only read: they travel to the function then. Otherwise write below /tmp, or keep the service unboxed.',
    };
  }
  const kind =
    mount.type !== 'volume' ? mount.type : mount.source === undefined ? 'anonymous volume' : 'volume';
  return {
    message: `the ${kind} ${mount.source === undefined ? '' : `${mount.source} `}at ${mount.target} stays on the host, out of a function's reach`,
    hint: 'Keep what owns the data unboxed and reach it by network, or write below /tmp.',
  };
}
