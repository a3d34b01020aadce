import { messageOf } from '../../../supervisor/published/message-of.ts';
import { PROBE_SERVICE } from '../../../supervisor/published/probe.ts';
import type { Architecture } from '../../compose/settings.ts';
import { PROBE_MEMORY, PROBE_STORAGE, PROBE_TIMEOUT } from '../../project/probe-shape.ts';
import type { ReadProject } from '../../project/project-data.ts';
import type { Consent } from '../../project/purpose.ts';
import type { Work } from '../../project/work.ts';
import { awsFunctionName, ecrRepository } from '../../twin/names.ts';
import { applyFunctions } from '../apply-all.ts';
import { connectAws } from '../connect.ts';
import { agree } from '../consent.ts';
import { forgetMade, noteMade, readMade, replaceMade } from '../made.ts';
import { openingsOf } from '../openings.ts';
import { awsPlan } from '../plan/aws-plan.ts';
import { publish } from '../publish.ts';
import { readAccount } from '../read-account.ts';
import { storedBytes } from '../registry/images.ts';
import { requireRoles } from '../requirements.ts';
import { scopeOf } from '../scope.ts';
import { tagsOf } from '../tags.ts';
import { removeFunction, removeRepository } from '../teardown.ts';
import type { WantedFunction } from '../wanted.ts';

/** A probe function that exists in the account. */
export interface ProbeFunction {
  functionName: string;
  imageUri: string;
}

/** The probe function on AWS, which runs the runtime's image. */
function wantedProbe(project: ReadProject, name: string): WantedFunction {
  const { own, runtime, annotations } = project;
  const architecture: Architecture = runtime.architecture === 'arm64' ? 'arm64' : 'x86_64';
  return {
    service: PROBE_SERVICE,
    functionName: awsFunctionName(name, PROBE_SERVICE),
    image: own.runtime,
    imageSize: 0,
    twin: own.runtime,
    memorySize: PROBE_MEMORY,
    timeout: PROBE_TIMEOUT,
    ephemeralStorage: PROBE_STORAGE,
    architecture,
    role: annotations.project.role,
    concurrency: undefined,
    renewal: undefined,
    replicas: 2,
  };
}

/**
 * Makes the probe function, runs `work` with it, and always removes the function. The repository is removed
 * as well if this call made it. In an existing repository the pushed image stays.
 * @throws BoxerError as `publish` and `applyFunctions`, and those of `work`
 */
export async function withProbeFunction<T>(
  context: Work,
  project: ReadProject,
  consent: Consent,
  work: (probe: ProbeFunction) => Promise<T>,
): Promise<T> {
  const { name } = project.model;
  const { folder } = context.project;
  const wanted = wantedProbe(project, name);
  requireRoles([wanted], context);
  const scope = scopeOf(name, [wanted]);
  const aws = await connectAws(context.engine, project.annotations.project.region, scope);
  const state = await readAccount(aws, [wanted]);
  const plan = awsPlan({
    ...{ project: name, region: aws.region, wanted: [wanted], missingImages: [], state },
    openings: openingsOf(project.annotations.project),
  });
  await agree(context, plan, consent);
  const repository = ecrRepository(name);
  const before = readMade(folder);
  // The note is written first, so a killed run leaves a note of what may exist.
  noteMade(folder, {
    ...{ region: aws.region, repository, functions: [wanted.functionName] },
    bytes: storedBytes(state.images),
  });
  try {
    const tags = tagsOf(name, context.root);
    const images = await publish(context, aws, { ...project, boxed: [] }, [wanted], state.images, tags);
    await applyFunctions(context, aws, [wanted], images, tags, repository);
    const imageUri = images.get(PROBE_SERVICE) ?? '';
    return await work({ functionName: wanted.functionName, imageUri });
  } finally {
    // The removal also runs after a cancellation, so it has a signal of its own.
    const engine = { ...context.engine, signal: AbortSignal.timeout(REMOVAL) };
    await connectAws(engine, aws.region, scope)
      .then(async (late) => {
        await removeFunction(late, wanted.functionName, name);
        if (state.repository === undefined) await removeRepository(late, repository);
        if (before === undefined) forgetMade(folder);
        else replaceMade(folder, before);
      })
      .catch((error: unknown) => context.warn(leftBehind(wanted.functionName, error)));
  }
}

/** How long the removal may take, ms. */
const REMOVAL = 60_000;

const leftBehind = (functionName: string, error: unknown) =>
  `docker boxer: the function ${functionName} may still be in the account: ${messageOf(error)}\n` +
  '  `docker boxer down --functions` removes it.';
