import { ecrRepository } from '../../twin/names.ts';

/** What policies are about. `*` stands for an account or region that is not known. */
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

/** Names of a project's functions begin so. */
const functionsOf = ({ project, account, region }: PolicyScope) =>
  `arn:aws:lambda:${region}:${account}:function:boxer-${project.replaceAll(/[^a-zA-Z0-9_-]/g, '-')}-*`;

const repositoryOf = ({ project, account, region }: PolicyScope) =>
  `arn:aws:ecr:${region}:${account}:repository/${ecrRepository(project)}`;

/** For whoever runs `docker boxer up`, `push` and `down --functions`. */
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
        // Lambda takes images only from a repository whose policy lets it, and sets that on behalf of the creator.
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

/** For phantoms: they invoke, and wait for a function that is being updated. */
export const phantomPolicy = (scope: PolicyScope): Policy =>
  policy({
    Sid: 'Invoke',
    Effect: 'Allow',
    Action: ['lambda:InvokeFunction', 'lambda:GetFunctionConfiguration'],
    Resource: functionsOf(scope),
  });

/** For the functions' execution role. They reach the seed by the network, and nothing in AWS but their log. */
export function functionPolicy({ project, account, region }: PolicyScope): Policy {
  const group = `arn:aws:logs:${region}:${account}:log-group:/aws/lambda/boxer-${project.replaceAll(/[^a-zA-Z0-9_-]/g, '-')}-*`;
  return policy({
    Sid: 'Logs',
    Effect: 'Allow',
    Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: [group, `${group}:*`],
  });
}

/** Who may take the execution role. */
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
