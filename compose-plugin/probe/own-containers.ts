import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { composeCall, runCompose } from '../compose/command.ts';
import { inspectContainers } from '../engine/containers.ts';
import { type Docker, docker } from '../engine/docker.ts';
import { containerIds } from '../engine/ids.ts';
import type { Work } from '../project/work.ts';

const roles = { 'boxer-seed': 'seed', 'boxer-lambda': 'lambda' } as const;
export type OwnService = keyof typeof roles;

/**
 * Lists Boxer's services that have no container and have to be started for a probe.
 * @throws BoxerError STOPPED if a container exists but does not run: it belongs to a stopped project
 */
export async function missingServices(
  engine: Docker,
  project: string,
  wanted: readonly OwnService[],
): Promise<OwnService[]> {
  const missing: OwnService[] = [];
  for (const service of wanted) {
    const ids = await containerIds(
      engine,
      `label=com.docker.compose.project=${project}`,
      `label=io.boxer.role=${roles[service]}`,
    );
    const found = await inspectContainers(engine, ids);
    if (found.length === 0) missing.push(service);
    else if (!found.some(({ State }) => State.Status === 'running')) {
      throw new BoxerError('STOPPED', `the project ${project} is stopped: its ${service} does not run`, {
        hint: 'Run `docker boxer start` or `docker boxer down` first.',
      });
    }
  }
  return missing;
}

/** Starts services of `file` and nothing else. @throws BoxerError COMPOSE with the end of Compose's output */
export async function startServices(
  context: Work,
  file: string,
  services: readonly OwnService[],
): Promise<void> {
  if (services.length === 0) return;
  const { code, stderr } = await compose(context, file, ['up', '--detach', '--no-deps', ...services]);
  if (code === 0) return;
  throw new BoxerError('COMPOSE', `${services.join(' and ')} cannot be started: ${lastLine(stderr)}`);
}

/** Runs Compose with the project's files and `file`. */
export function compose({ engine, invocation, project }: Work, file: string, words: readonly string[]) {
  const call = composeCall(engine, invocation, project, [file], words);
  return runCompose(engine, { ...call, env: { ...call.env, COMPOSE_IGNORE_ORPHANS: 'true' } });
}

/** Removes the containers that invoke probes, including one that a killed run left. */
export async function removeProbes(engine: Docker, project: string): Promise<void> {
  const ids = await containerIds(
    engine,
    `label=com.docker.compose.project=${project}`,
    'label=io.boxer.role=probe',
  );
  if (ids.length > 0) await docker(engine, ['rm', '--force', '--volumes', ...ids]);
}

export const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
