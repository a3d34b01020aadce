import { expect, test } from '@jest/globals';
import { actionsFor } from '../plan/actions.ts';
import type { Resource } from '../plan/plan.ts';
import { deployerPolicy, functionPolicy, grantFor, phantomPolicy } from './policies.ts';

const scope = {
  project: 'shop',
  account: '123456789012',
  region: 'eu-west-1',
  roles: ['arn:aws:iam::123456789012:role/boxer-function'],
};

const changed = (what: 'image' | 'memory' | 'role' | 'retries' | 'concurrency', to = '1') => ({
  what,
  from: '0',
  to,
});
const every: Resource[] = [
  { kind: 'repository', action: 'create', name: 'boxer/shop' },
  { kind: 'image', action: 'create', name: 'x', service: 'a', architecture: 'arm64', size: 1, pushed: false },
  ...(['create', 'replace', 'change'] as const).map(
    (action): Resource => ({
      kind: 'function',
      action,
      name: 'boxer-shop-a',
      service: 'a',
      memorySize: 128,
      timeout: 3,
      ephemeralStorage: 512,
      architecture: 'arm64',
      concurrency: 1,
      changes: [
        ...(['image', 'memory', 'role', 'retries', 'concurrency'] as const).map((what) => changed(what)),
        changed('concurrency', 'none'),
      ],
    }),
  ),
];

test('the deployer policy allows every action that a plan lists', () => {
  const granted = deployerPolicy(scope).Statement.flatMap(({ Action }) => Action);
  expect(actionsFor(every).filter((action) => !granted.includes(action))).toEqual([]);
});

test("policies cover the project's resources only", () => {
  const wide = [deployerPolicy, phantomPolicy, functionPolicy]
    .flatMap((policy) => policy(scope).Statement)
    .filter(({ Resource }) => [Resource].flat().some((one) => !/shop|role\/boxer-function$/.test(one)));
  // A registry login is valid for the whole account and cannot be restricted to one repository.
  expect(wide.map(({ Action }) => Action)).toEqual([['ecr:GetAuthorizationToken']]);
  for (const { Action } of [...phantomPolicy(scope).Statement, ...functionPolicy(scope).Statement]) {
    expect(Action.some((one) => one.includes('*'))).toBe(false);
  }
});

test('one action is granted where it is needed, and an unknown one everywhere', () => {
  expect(grantFor('lambda:InvokeFunction', scope).Statement).toEqual([
    {
      Effect: 'Allow',
      Action: ['lambda:InvokeFunction'],
      Resource: 'arn:aws:lambda:eu-west-1:123456789012:function:boxer-shop-*',
    },
  ]);
  expect(grantFor('kms:Decrypt', scope).Statement).toEqual([
    { Effect: 'Allow', Action: ['kms:Decrypt'], Resource: '*' },
  ]);
});
