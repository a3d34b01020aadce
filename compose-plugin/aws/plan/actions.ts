import type { Difference } from '../functions/compare.ts';
import type { Resource } from './plan.ts';

/** The actions that every run needs to read the account. */
const looking = [
  ...['ecr:DescribeRepositories', 'ecr:DescribeImages', 'ecr:GetLifecyclePolicy'],
  ...['lambda:GetFunction', 'lambda:GetFunctionEventInvokeConfig', 'lambda:GetFunctionConfiguration'],
];

const pushing = [
  ...['ecr:GetAuthorizationToken', 'ecr:BatchCheckLayerAvailability', 'ecr:InitiateLayerUpload'],
  ...['ecr:UploadLayerPart', 'ecr:CompleteLayerUpload', 'ecr:PutImage', 'ecr:BatchGetImage'],
];

const creatingFunction = [
  ...['lambda:CreateFunction', 'lambda:TagResource', 'lambda:PutFunctionEventInvokeConfig', 'iam:PassRole'],
  ...[
    'ecr:GetRepositoryPolicy',
    'ecr:SetRepositoryPolicy',
    'ecr:BatchGetImage',
    'ecr:GetDownloadUrlForLayer',
  ],
];

/**
 * The sorted IAM actions that are needed to make the resources. Phantoms invoke, so lambda:Invoke* is not
 * listed.
 */
export function actionsFor(resources: readonly Resource[]): string[] {
  const actions = new Set([...looking, ...resources.flatMap(actionsOf)]);
  return [...actions].sort();
}

function actionsOf(resource: Resource): string[] {
  if (resource.action === 'leave') return [];
  if (resource.kind === 'repository') {
    return ['ecr:CreateRepository', 'ecr:TagResource', 'ecr:PutLifecyclePolicy'];
  }
  if (resource.kind === 'image') return pushing;
  const concurrency = resource.concurrency === undefined ? [] : ['lambda:PutFunctionConcurrency'];
  if (resource.action === 'create') return [...creatingFunction, ...concurrency];
  if (resource.action === 'replace') return ['lambda:DeleteFunction', ...creatingFunction, ...concurrency];
  return resource.changes.flatMap(actionsOfChange);
}

function actionsOfChange({ what, to }: Difference): string[] {
  if (what === 'image' || what === 'architecture') {
    return ['lambda:UpdateFunctionCode', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
  }
  if (what === 'retries') return ['lambda:PutFunctionEventInvokeConfig'];
  if (what === 'concurrency') {
    return [to === 'none' ? 'lambda:DeleteFunctionConcurrency' : 'lambda:PutFunctionConcurrency'];
  }
  return ['lambda:UpdateFunctionConfiguration', ...(what === 'role' ? ['iam:PassRole'] : [])];
}
