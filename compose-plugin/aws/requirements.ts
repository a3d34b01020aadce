import { publishedPorts, sharedPort } from '../compose/published-ports.ts';
import { problemsError } from '../compose/report.ts';
import type { ProjectSettings } from '../compose/settings.ts';
import type { Work } from '../project/work.ts';
import type { WantedFunction } from './wanted.ts';

/**
 * Requires `seed.advertise`: without it, functions on AWS could not reach the seed, and their run time would
 * cost money.
 * @throws BoxerError INVALID
 */
export function requireAdvertise(
  settings: Pick<ProjectSettings, 'advertise' | 'relay' | 'seeds'>,
  { project, cwd }: Pick<Work, 'project' | 'cwd'>,
): void {
  const problem = advertiseProblem(settings);
  if (problem !== undefined) throw problemsError([problem], project, cwd);
}

function advertiseProblem({
  advertise,
  relay,
  seeds,
}: Pick<ProjectSettings, 'advertise' | 'relay' | 'seeds'>) {
  const seed = ['x-boxer', 'seed'];
  if (advertise === undefined)
    return {
      path: [...seed, 'advertise'],
      message: 'functions on AWS need an address of the seed that they can reach, and there is none',
      hint: 'Write `seed: { advertise: host:port }` under the top-level x-boxer.',
    };
  if (seeds > 1)
    return {
      path: [...seed, 'replicas'],
      message: `functions on AWS reach one seed at ${advertise.host}, and there are ${seeds}`,
      hint: 'Leave `replicas` out where `provider: aws` stands.',
    };
  const shared = sharedPort(publishedPorts(advertise.port, relay));
  if (shared === undefined) return undefined;
  return {
    path: [...seed, relay.ports === undefined ? 'relay-port' : 'relay-ports'],
    message: `port ${shared} of the seed would be used for two things`,
    hint:
      `Published are ${advertise.port} to ${advertise.port + 3}, and \`relay-port\` and ` +
      `\`relay-ports\` where they are set.`,
  };
}

/** @throws BoxerError INVALID naming every service whose function would have no role */
export function requireRoles(
  wanted: readonly WantedFunction[],
  { project, cwd }: Pick<Work, 'project' | 'cwd'>,
): void {
  const problems = wanted
    .filter(({ role }) => role === undefined)
    .map(({ service }) => ({
      path: ['services', service, 'x-boxer'],
      message: 'its function needs an execution role, and neither it nor the project names one',
      hint:
        'Make one with what `docker boxer iam function` prints, and write its ARN as `role:` ' +
        'under the top-level x-boxer.',
    }));
  if (problems.length > 0) throw problemsError(problems, project, cwd);
}
