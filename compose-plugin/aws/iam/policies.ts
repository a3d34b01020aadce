import { ecrRepository } from '../../twin/names.ts';

/** The project, account and roles that policies cover. `*` stands for an unknown account or region. */
export interface PolicyScope {
  project: string;
  account: string;
  region: string;
  /** ARNs of the functions' execution roles. */
  roles: readonly string[];
}

export interface Statement {
  Sid?: string;
  Effect: 'Allow';
  Action: string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string>>;
}

export interface Policy {
  Version: '2012-10-17';
  Statement: Statement[];
}

const policy = (...Statement: Statement[]): Policy => ({ Version: '2012-10-17', Statement });

/** ARN pattern of a project's functions, by the prefix of their names. */
const functionsOf = ({ project, account, region }: PolicyScope) =>
  `arn:aws:lambda:${region}:${account}:function:boxer-${project.replaceAll(/[^a-zA-Z0-9_-]/g, '-')}-*`;

const repositoryOf = ({ project, account, region }: PolicyScope) =>
  `arn:aws:ecr:${region}:${account}:repository/${ecrRepository(project)}`;

/** The policy for users who run `docker boxer up`, `push` and `down --functions`. */
export function deployerPolicy(scope: PolicyScope): Policy {
  return policy(
    { Sid: 'Login', Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: '*' },
    {
      Sid: 'Repository',
      Effect: 'Allow',
      Action: [
        ...['ecr:CreateRepository', 'ecr:DeleteRepository', 'ecr:DescribeRepositories', 'ecr:TagResource'],
        ...['ecr:GetLifecyclePolicy', 'ecr:PutLifecyclePolicy', 'ecr:DescribeImages', 'ecr:BatchGetImage'],
        ...['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:InitiateLayerUpload'],
        ...['ecr:UploadLayerPart', 'ecr:CompleteLayerUpload', 'ecr:PutImage'],
        // Lambda needs access to the repository. It sets the repository policy on behalf of the caller.
        ...['ecr:GetRepositoryPolicy', 'ecr:SetRepositoryPolicy'],
      ],
      Resource: repositoryOf(scope),
    },
    {
      Sid: 'Functions',
      Effect: 'Allow',
      Action: [
        ...['lambda:CreateFunction', 'lambda:DeleteFunction', 'lambda:GetFunction', 'lambda:TagResource'],
        ...[
          'lambda:GetFunctionConfiguration',
          'lambda:UpdateFunctionCode',
          'lambda:UpdateFunctionConfiguration',
        ],
        ...['lambda:PutFunctionConcurrency', 'lambda:DeleteFunctionConcurrency'],
        ...['lambda:GetFunctionEventInvokeConfig', 'lambda:PutFunctionEventInvokeConfig'],
      ],
      Resource: functionsOf(scope),
    },
    {
      Sid: 'Role',
      Effect: 'Allow',
      Action: ['iam:PassRole'],
      Resource: scope.roles.length === 0 ? `arn:aws:iam::${scope.account}:role/*` : [...scope.roles],
      Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
    },
  );
}

/** The policy for phantoms: they invoke functions, and wait while a function is being updated. */
export const phantomPolicy = (scope: PolicyScope): Policy =>
  policy({
    Sid: 'Invoke',
    Effect: 'Allow',
    Action: ['lambda:InvokeFunction', 'lambda:GetFunctionConfiguration'],
    Resource: functionsOf(scope),
  });

/** The policy for the functions' execution role. In AWS a function only needs to write its log. */
export function functionPolicy({ project, account, region }: PolicyScope): Policy {
  const functions = `boxer-${project.replaceAll(/[^a-zA-Z0-9_-]/g, '-')}-*`;
  const group = `arn:aws:logs:${region}:${account}:log-group:/aws/lambda/${functions}`;
  return policy({
    Sid: 'Logs',
    Effect: 'Allow',
    Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: [group, `${group}:*`],
  });
}

/** The trust policy of the execution role: only Lambda may assume the role. */
export const functionTrust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
} as const;

/** The smallest policy that grants one action. */
export function grantFor(action: string, scope: PolicyScope): Policy {
  const known = [...deployerPolicy(scope).Statement, ...phantomPolicy(scope).Statement];
  const statement = known.find(({ Action }) => Action.includes(action));
  const { Resource = '*', Condition } = statement ?? {};
  return policy({
    Effect: 'Allow',
    Action: [action],
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
}
