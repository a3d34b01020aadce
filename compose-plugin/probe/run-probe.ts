import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { messageOf } from '../../supervisor/published/message-of.ts';
import {
  PROBE_SERVICE,
  type ProbeConfig,
  type ProbeOutput,
  probeOutput,
} from '../../supervisor/published/probe.ts';
import { writeKeys } from '../compose/keys.ts';
import type { Model } from '../compose/model.ts';
import type { LambdaAccess } from '../compose/rewrite/lambda-access.ts';
import { runtimeVolumeName } from '../compose/rewrite/override.ts';
import { serialise } from '../compose/rewrite/serialise.ts';
import { writeAtomically } from '../compose/write-atomically.ts';
import { inspectImages } from '../engine/images.ts';
import { removeLeftovers, removeNetwork, removeStore } from '../prepare/leftovers.ts';
import { neededTags, requireNeeded } from '../prepare/needed-images.ts';
import { makeRuntimeVolume } from '../prepare/runtime-volume.ts';
import { checkedAnnotations } from '../project/annotations.ts';
import { ownImages } from '../project/own-images.ts';
import { PROBE_MEMORY } from '../project/probe-shape.ts';
import type { ReadProject } from '../project/project-data.ts';
import type { Consent } from '../project/purpose.ts';
import type { Work } from '../project/work.ts';
import { providerOf } from '../provider/providers.ts';
import type { ProbeTarget } from '../provider/with-probe.ts';
import { boxerVersion } from '../report/boxer-version.ts';
import { probeOverride } from './override.ts';
import {
  compose,
  lastLine,
  missingServices,
  type OwnService,
  removeProbes,
  startServices,
} from './own-containers.ts';
import type { ProbeReport } from './report.ts';

export interface ProbeWishes {
  trials: number;
  consent: Consent;
}

/** Bytes to send to measure throughput. */
const BYTES = 4 * 2 ** 20;
/** How long the removal may take, ms. */
const REMOVAL = 60_000;

/**
 * Lets two functions of the project's provider measure their environment, and removes what it made for the
 * probe.
 * @returns the report with unmasked addresses, and the seed's host if the project names one
 * @throws BoxerError STOPPED, NOT_BUILT, PROBE, those of `checkedAnnotations`, and those of the provider's
 * `withProbe`
 */
export async function runProbe(
  context: Work,
  model: Model,
  wishes: ProbeWishes,
): Promise<{ report: ProbeReport; seedName: string | undefined }> {
  const project = await readForProbe(context, model);
  const { provider, advertise } = project.annotations.project;
  const about = {
    probe: 1 as const,
    date: new Date().toISOString().slice(0, 10),
    boxer: boxerVersion(context.root),
    provider,
    architecture: project.runtime.architecture === 'arm64' ? 'arm64' : 'x86_64',
    memory: PROBE_MEMORY,
  };
  const { access: accessOf, probe } = providerOf(provider);
  const access = await accessOf(context.engine, project.annotations.project);
  const output = await probe.withProbe(context, project, access, wishes.consent, (target) =>
    invoke(context, project, access, { ...target, trials: wishes.trials }),
  );
  return { report: { ...about, region: access.region, ...output }, seedName: advertise?.host };
}

/** Reads the project without its services' images, because a probe needs none of them. */
async function readForProbe(context: Work, model: Model): Promise<ReadProject> {
  const annotations = checkedAnnotations(context, model);
  const own = ownImages(context.root);
  const { provider } = annotations.project;
  const inspected = await inspectImages(context.engine, neededTags(own, provider));
  const runtime = requireNeeded(inspected, own, provider, true);
  return { model, annotations, boxed: [], selected: new Set(), own, runtime, inspected };
}

/** Starts the missing services, invokes the functions from a container, and removes the started services. */
async function invoke(
  context: Work,
  project: ReadProject,
  access: LambdaAccess,
  { twin, seed, trials }: ProbeTarget & Pick<ProbeConfig, 'trials'>,
): Promise<ProbeOutput> {
  const { engine, progress } = context;
  const { model, own, runtime, annotations } = project;
  const { folder } = context.project;
  const needed: OwnService[] =
    access.lambdaService === undefined ? ['boxer-seed'] : ['boxer-seed', 'boxer-lambda'];
  const missing = await missingServices(engine, model.name, needed);
  const keyId = writeKeys(folder, [PROBE_SERVICE]);
  await makeRuntimeVolume(engine, runtimeVolumeName(runtime.id), own.runtime);
  const config: ProbeConfig = {
    ...{ version: 1, project: model.name, twin, trials, bytes: BYTES },
    ...(seed === undefined ? {} : { seed }),
  };
  const file = join(folder, 'probe.yaml');
  const content = probeOverride({
    ...{ model, access, config, images: own, runtimeId: runtime.id, settings: annotations.project },
    ...{ folder, keyId, boxed: new Set(annotations.services.keys()) },
  });
  writeAtomically(file, serialise(content, 'none'));
  try {
    progress(' Probe  Starting');
    await startServices(context, file, missing);
    progress(' Probe  Measuring');
    return await runContainer(context, file);
  } finally {
    progress(' Probe  Removing');
    await takeAway(context, model.name, file, missing).catch((error: unknown) =>
      context.warn(`docker boxer: something of the probe is left: ${messageOf(error)}`),
    );
  }
}

async function runContainer(context: Work, file: string): Promise<ProbeOutput> {
  const words = ['run', '--rm', '--no-deps', '--no-TTY', '--interactive=false', PROBE_SERVICE];
  const { stdout, stderr } = await compose(context, file, words);
  const parsed = probeOutput.safeParse(json(stdout));
  if (parsed.success) return parsed.data;
  throw new BoxerError('PROBE', `the functions could not be probed: ${lastLine(stderr) || 'no report came'}`);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Removes the started services. This also runs after a cancellation, so it has a signal of its own. */
async function takeAway(
  { engine, ...context }: Work,
  project: string,
  file: string,
  started: readonly OwnService[],
): Promise<void> {
  const late = { ...engine, signal: AbortSignal.timeout(REMOVAL) };
  await removeProbes(late, project);
  if (started.length > 0)
    await compose({ ...context, engine: late }, file, ['rm', '--stop', '--force', '--volumes', ...started]);
  if (started.includes('boxer-lambda')) await removeLeftovers(late, project);
  if (started.includes('boxer-seed')) {
    await removeStore(late, project);
    // A network with other containers stays.
    await removeNetwork(late, project);
  }
  rmSync(file, { force: true });
}
