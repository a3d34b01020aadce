import type { Context } from '../cli/context.ts';
import { problemsError } from '../compose/report.ts';
import type { ProjectSettings } from '../compose/settings.ts';
import type { WantedFunction } from './wanted.ts';

/**
 * Functions on AWS dial in: without an address for that they would start, wait and end, all of it paid for.
 * @throws BoxerError INVALID
 */
export function requireAdvertise(
  settings: Pick<ProjectSettings, 'advertise'>,
  { project, cwd }: Pick<Context, 'project' | 'cwd'>,
): void {
  if (settings.advertise !== undefined) return;
  const problem = {
    path: ['x-boxer', 'seed', 'advertise'],
    message: 'functions on AWS need an address of the seed that they can reach, and there is none',
    hint: 'Write `seed: { advertise: host:port }` under the top-level x-boxer.',
  };
  throw problemsError([problem], project, cwd);
}

/** @throws BoxerError INVALID naming every service whose function would have no role */
export function requireRoles(
  wanted: readonly WantedFunction[],
  { project, cwd }: Pick<Context, 'project' | 'cwd'>,
): void {
  const problems = wanted
    .filter(({ role }) => role === undefined)
    .map(({ service }) => ({
      path: ['services', service, 'x-boxer'],
      message: 'its function needs an execution role, and neither it nor the project names one',
      hint: 'Make one with what `docker boxer iam function` prints, and write its ARN as `role:` under the top-level x-boxer.',
    }));
  if (problems.length > 0) throw problemsError(problems, project, cwd);
}
