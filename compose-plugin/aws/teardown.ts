import { DeleteRepositoryCommand } from '@aws-sdk/client-ecr';
import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import type { Work } from '../project/work.ts';
import { awsFunctionName, ecrRepository } from '../twin/names.ts';
import { call, errorName } from './call.ts';
import { type Aws, connectAws } from './connect.ts';
import { readFunction } from './functions/state.ts';
import { forgetMade, readMade } from './made.ts';
import { scopeOf } from './scope.ts';

/**
 * Removes functions of a project and reports them. If all functions go, the repository goes as well.
 * @param services services of the model; the note names functions of services that the model no longer has
 * @param only services of the command line; empty: all functions and the repository
 * @throws BoxerError as `call`
 */
export async function removeFromAws(
  context: Work,
  project: string,
  region: string | undefined,
  services: readonly string[],
  only: readonly string[],
): Promise<void> {
  const { engine, warn, project: place } = context;
  const note = readMade(place.folder);
  const aws = await connectAws(engine, region ?? note?.region, scopeOf(project, []));
  const wanted = (only.length > 0 ? only : services).map((service) => awsFunctionName(project, service));
  const names = new Set([...wanted, ...(only.length > 0 ? [] : (note?.functions ?? []))]);
  for (const name of names) {
    if (await removeFunction(aws, name, project)) warn(` Function ${name}  Removed`);
  }
  if (only.length > 0) return;
  const repository = ecrRepository(project);
  if (await removeRepository(aws, repository)) warn(` Repository ${repository}  Removed`);
  forgetMade(place.folder);
  warn(
    `What stays in AWS: the role, and the log groups /aws/lambda/boxer-${project}-* in CloudWatch, ` +
      `paid for by what they hold.`,
  );
}

/** Removes a function; false: the project has no function of this name. */
export async function removeFunction(aws: Aws, name: string, project: string): Promise<boolean> {
  const found = await readFunction(aws, name);
  if (found?.tags['boxer:project'] !== project) return false;
  const command = new DeleteFunctionCommand({ FunctionName: name });
  await call(aws, 'lambda:DeleteFunction', () => aws.lambda.send(command, { abortSignal: aws.signal }));
  return true;
}

/** Removes a repository with its images; false: the repository does not exist. */
export async function removeRepository(aws: Aws, repositoryName: string): Promise<boolean> {
  const missing = 'RepositoryNotFoundException';
  const command = new DeleteRepositoryCommand({ repositoryName, force: true });
  try {
    await call(aws, 'ecr:DeleteRepository', () => aws.ecr.send(command, { abortSignal: aws.signal }), [
      missing,
    ]);
    return true;
  } catch (error) {
    if (errorName(error) === missing) return false;
    throw error;
  }
}
