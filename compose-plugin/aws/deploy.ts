import type { LambdaAccess } from '../compose/rewrite/lambda-access.ts';
import type { ProjectSettings } from '../compose/settings.ts';
import type { ReadProject } from '../project/project-data.ts';
import type { Consent } from '../project/purpose.ts';
import type { Work } from '../project/work.ts';
import { ecrRepository } from '../twin/names.ts';
import { applyFunctions } from './apply-all.ts';
import { configuredRegion, connectAws } from './connect.ts';
import { agree } from './consent.ts';
import { handsCredentials } from './credentials.ts';
import { awsRules } from './function-rules.ts';
import { lambdaEndpoint } from './lambda-endpoint.ts';
import { noteMade } from './made.ts';
import { openingsOf } from './openings.ts';
import { awsPlan } from './plan/aws-plan.ts';
import { changesAnything } from './plan/plan.ts';
import { publish } from './publish.ts';
import { readAccount } from './read-account.ts';
import { readImages, storedBytes } from './registry/images.ts';
import { requireAdvertise, requireRoles } from './requirements.ts';
import { scopeOf } from './scope.ts';
import { tagsOf } from './tags.ts';
import { wantedFunctions } from './wanted.ts';

/**
 * How phantoms reach Lambda on AWS. They use the endpoint that the environment or the profile names, if any.
 */
export async function awsAccess(settings: ProjectSettings): Promise<LambdaAccess> {
  const region = settings.region ?? (await configuredRegion());
  const endpoint = await lambdaEndpoint(region);
  return { ...awsRules, region, endpoint, credentials: handsCredentials(settings) };
}

/**
 * Makes the repository, the images and the functions of the boxed services. Resources that exist already are
 * kept, so the next run completes an interrupted one.
 * @throws BoxerError the error of the step that failed; its hint names the resources that exist by then
 */
export async function deploy(
  context: Work,
  project: ReadProject,
  access: LambdaAccess,
  consent: Consent,
): Promise<void> {
  const { model, annotations, boxed } = project;
  const wanted = wantedFunctions(model, boxed, annotations.project);
  if (wanted.length === 0) return;
  requireAdvertise(annotations.project, context);
  requireRoles(wanted, context);
  const aws = await connectAws(context.engine, access.region, scopeOf(model.name, wanted));
  const state = await readAccount(aws, wanted);
  const openings = openingsOf(annotations.project);
  const { region } = aws;
  const plan = awsPlan({ project: model.name, region, wanted, missingImages: [], state, openings });
  await agree(context, plan, consent);
  const repository = ecrRepository(model.name);
  const made = { region, repository, functions: wanted.map(({ functionName }) => functionName) };
  // The note is written before anything is made, so an interrupted run leaves a note of what may exist.
  noteMade(context.project.folder, { ...made, bytes: storedBytes(state.images) });
  const tags = tagsOf(model.name, context.root);
  const images = await publish(context, aws, project, wanted, state.images, tags);
  await applyFunctions(context, aws, wanted, images, tags, repository);
  const now = changesAnything(plan) ? await readImages(aws, repository) : state.images;
  noteMade(context.project.folder, { ...made, bytes: storedBytes(now) });
}
