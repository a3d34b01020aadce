import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Finished } from '../engine/command.ts';
import type { Docker } from '../engine/docker.ts';
import type { Invocation } from '../invocation/invocation.ts';
import { composeCall, runCompose } from './command.ts';
import type { Model } from './model.ts';
import type { Project } from './project.ts';

/** A model with the services that the chosen profiles enable. */
export interface ReadModel {
  model: Model;
  /** Names of the enabled services; undefined: all services. */
  enabled: ReadonlySet<string> | undefined;
}

/**
 * Reads the project as Compose sees it, services of all profiles included: the override must not change with
 * the profiles of one call, or the next plain `docker compose --profile x up` would start a service unboxed.
 * @throws BoxerError MODEL with Compose's own words
 */
export async function readModel(
  engine: Docker,
  invocation: Invocation,
  project: Project,
): Promise<ReadModel> {
  if (project.files.includes('-')) {
    throw new BoxerError(
      'STDIN',
      'the compose file comes from standard input (-f -), which can be read only once',
      {
        hint: 'Write it to a file and name that with -f.',
      },
    );
  }
  const config = (flags: string[]) =>
    runCompose(
      engine,
      composeCall(
        engine,
        { ...invocation, compose: [...invocation.compose, ...flags] },
        project,
        [],
        ['config'],
      ),
    );
  // The module is loaded while Compose runs: loading takes a third of the plugin's start-up time.
  const [everything, { parseModel }] = await Promise.all([
    config(['--profile', '*']),
    import('./parse-model.ts'),
  ]);
  if (everything.code === 0) {
    const model = parseModel(everything.stdout);
    const hasProfiles = Object.values(model.services ?? {}).some(
      ({ profiles }) => (profiles ?? []).length > 0,
    );
    return { model, enabled: hasProfiles ? await enabledServices(engine, invocation, project) : undefined };
  }
  // Compose may be unable to load a disabled service, for example because of a missing env_file.
  const chosen = await config([]);
  if (chosen.code !== 0) throw modelError(chosen);
  return { model: parseModel(chosen.stdout), enabled: undefined };
}

async function enabledServices(
  engine: Docker,
  invocation: Invocation,
  project: Project,
): Promise<ReadonlySet<string>> {
  const listed = await runCompose(
    engine,
    composeCall(engine, invocation, project, [], ['config', '--services']),
  );
  if (listed.code !== 0) throw modelError(listed);
  return new Set(listed.stdout.split('\n').filter((line) => line !== ''));
}

function modelError({ stderr, code }: Finished): BoxerError {
  return new BoxerError('MODEL', stderr.trim() || `docker compose config failed with ${code}`, {
    hint: '`docker compose config` says the same: the project is invalid without Boxer too.',
  });
}
