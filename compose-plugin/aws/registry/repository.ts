import {
  CreateRepositoryCommand,
  DescribeRepositoriesCommand,
  GetLifecyclePolicyCommand,
  PutLifecyclePolicyCommand,
  type Repository,
} from '@aws-sdk/client-ecr';
import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { call, errorName } from '../call.ts';
import type { Aws } from '../connect.ts';

/** A repository in ECR. */
export interface RepositoryState {
  name: string;
  /** `host/name`, the target of a push. */
  uri: string;
  /** Undefined if ECR's description does not name it. */
  account: string | undefined;
}

/** Reads a repository; undefined: no repository has this name. */
export async function readRepository(aws: Aws, name: string): Promise<RepositoryState | undefined> {
  try {
    const { repositories } = await call(
      aws,
      'ecr:DescribeRepositories',
      () =>
        aws.ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [name] }), {
          abortSignal: aws.signal,
        }),
      ['RepositoryNotFoundException'],
    );
    return repositoryState(aws, repositories?.[0], name);
  } catch (error) {
    if (errorName(error) === 'RepositoryNotFoundException') return undefined;
    throw error;
  }
}

/**
 * ECR removes an image without a tag after seven days. It removes tagged images, oldest first, only beyond
 * the newest
 * 200, because a function may have been created from any of them.
 */
const LIFECYCLE = JSON.stringify({
  rules: [
    {
      rulePriority: 1,
      description: 'Images without a tag',
      selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 7 },
      action: { type: 'expire' },
    },
    {
      rulePriority: 2,
      description: 'All but the newest 200',
      selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 200 },
      action: { type: 'expire' },
    },
  ],
});

/** Creates the repository if it is missing, and sets its lifecycle policy if that is missing. */
export async function ensureRepository(
  aws: Aws,
  name: string,
  tags: Readonly<Record<string, string>>,
): Promise<RepositoryState> {
  const repository = (await readRepository(aws, name)) ?? (await createRepository(aws, name, tags));
  if (!(await hasLifecyclePolicy(aws, name))) {
    const command = new PutLifecyclePolicyCommand({ repositoryName: name, lifecyclePolicyText: LIFECYCLE });
    await call(aws, 'ecr:PutLifecyclePolicy', () => aws.ecr.send(command, { abortSignal: aws.signal }));
  }
  return repository;
}

async function createRepository(
  aws: Aws,
  name: string,
  tags: Readonly<Record<string, string>>,
): Promise<RepositoryState> {
  const command = new CreateRepositoryCommand({
    repositoryName: name,
    imageTagMutability: 'IMMUTABLE',
    imageScanningConfiguration: { scanOnPush: true },
    encryptionConfiguration: { encryptionType: 'AES256' },
    tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  });
  const exists = 'RepositoryAlreadyExistsException';
  try {
    const send = () => aws.ecr.send(command, { abortSignal: aws.signal });
    return repositoryState(aws, (await call(aws, 'ecr:CreateRepository', send, [exists])).repository, name);
  } catch (error) {
    const other = errorName(error) === exists ? await readRepository(aws, name) : undefined;
    if (other !== undefined) return other;
    throw error;
  }
}

async function hasLifecyclePolicy(aws: Aws, name: string): Promise<boolean> {
  const missing = 'LifecyclePolicyNotFoundException';
  try {
    const command = new GetLifecyclePolicyCommand({ repositoryName: name });
    await call(aws, 'ecr:GetLifecyclePolicy', () => aws.ecr.send(command, { abortSignal: aws.signal }), [
      missing,
    ]);
    return true;
  } catch (error) {
    if (errorName(error) === missing) return false;
    throw error;
  }
}

/**
 * @throws BoxerError ECR_REGION if the repository is in another region: Lambda needs images of its own region
 */
function repositoryState(aws: Aws, found: Repository | undefined, name: string): RepositoryState {
  const uri = found?.repositoryUri ?? '';
  if (uri === '') throw new BoxerError('AWS', `ecr: the description of the repository ${name} has no URI`);
  const region = /\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./.exec(uri)?.[1];
  if (region !== undefined && region !== aws.region) {
    throw new BoxerError(
      'ECR_REGION',
      `the repository ${uri} is in ${region}, and the functions are to run in ${aws.region}`,
      {
        hint:
          'Lambda takes images of its own region only. Do AWS_ENDPOINT_URL_ECR and ' +
          'x-boxer.region name the same region?',
      },
    );
  }
  return { name, uri, account: found?.registryId };
}
