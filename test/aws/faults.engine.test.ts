import { CreateFunctionCommand, DeleteFunctionCommand, GetFunctionCommand } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { FUNCTION } from '../../lambda-local/testing/test-lambda.ts';
import { type Bed, type BedProject, oneService, ROLE, SECRET, startBed } from './lib/bed.ts';
import { startEcrEndpoint } from './lib/ecr-endpoint.ts';

let bed: Bed;
const projects: BedProject[] = [];
beforeAll(async () => {
  bed = await startBed();
}, 240_000);
afterAll(() => bed.stop());
afterEach(() => {
  bed.ecrProxy.heal();
  bed.lambdaProxy.heal();
  // What is in the account of the bed goes with the bed: `down` would only take time.
  for (const project of projects.splice(0)) project.remove();
});

const make = (yaml = oneService()): BedProject => {
  const project = bed.project(yaml);
  projects.push(project);
  return project;
};

const functionOf = (project: BedProject) => `boxer-${project.name}-worker`;
const read = (project: BedProject) =>
  bed.client.send(new GetFunctionCommand({ FunctionName: functionOf(project) }));

/** Runs `up`, which must fail and leave no container and no override behind. Resolves to its stderr. */
async function failedUp(project: BedProject, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { exitCode, stderr } = await project.run(['up', '-d', '--yes'], env);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
  expect(stderr).not.toContain(SECRET);
  expect(project.docker('compose', '-p', project.name, 'ps', '--all', '--quiet').stdout).toBe('');
  expect(project.has(project.state('override.yaml'))).toBe(false);
  return stderr;
}

const expired = {
  status: 400,
  type: 'ExpiredTokenException',
  message: 'The security token included in the request is expired',
};

test('up fails before it makes anything when the credentials have expired', async () => {
  const project = make();
  bed.ecrProxy.fail(/./, expired);
  const stderr = await failedUp(project);
  expect(stderr).toContain('ecr:DescribeRepositories: the AWS credentials have expired');
  expect(stderr).toContain('aws sso login');
  expect([...bed.ecr.repositories.keys()]).not.toContain(`boxer/${project.name}`);
});

test('up fails without credentials', async () => {
  const stderr = await failedUp(make(), { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined });
  expect(stderr).toContain('no usable AWS credentials');
});

test('up names a missing permission and the policy that grants it, and the next run continues', async () => {
  const project = make();
  const denied = {
    status: 403,
    type: 'AccessDeniedException',
    message:
      'User: arn:aws:iam::000000000000:user/x is not authorized to perform: iam:PassRole ' +
      `on resource: ${ROLE}`,
  };
  bed.lambdaProxy.fail(/^POST \/2015-03-31\/functions$/, denied);
  const stderr = await failedUp(project);
  expect(stderr).toContain('the AWS credentials may not iam:PassRole');
  const policy = JSON.parse(stderr.slice(stderr.indexOf('{'), stderr.lastIndexOf('}') + 1));
  expect(policy.Statement).toEqual([
    {
      Effect: 'Allow',
      Action: ['iam:PassRole'],
      Resource: [ROLE],
      Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
    },
  ]);
  expect(stderr).toContain(`In the account there are: repository boxer/${project.name}.`);
  bed.lambdaProxy.heal();
  expect((await project.run(['create', '--yes'])).exitCode).toBe(0);
  expect((await read(project)).Configuration?.State).toBe('Active');
});

const throttled = { status: 429, type: 'TooManyRequestsException', message: 'Rate exceeded' };

test('throttled requests are repeated, and throttling that lasts is reported', async () => {
  const project = make();
  bed.lambdaProxy.fail(/^GET /, { ...throttled, times: 2 });
  expect((await project.run(['plan'])).exitCode).toBe(0);
  bed.lambdaProxy.fail(/^GET /, throttled);
  const { exitCode, stderr } = await project.run(['plan'], { AWS_MAX_ATTEMPTS: '3' });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('lambda:GetFunction: AWS throttles the calls after 3 attempts');
});

test('requests that fail with 5xx are repeated, and a failure that lasts is reported', async () => {
  const project = make();
  const broken = { status: 500, type: 'ServerException', message: 'internal failure' };
  bed.ecrProxy.fail(/DescribeRepositories/, { ...broken, times: 2 });
  expect((await project.run(['plan'])).exitCode).toBe(0);
  bed.ecrProxy.fail(/DescribeRepositories/, broken);
  const { exitCode, stderr } = await project.run(['plan'], { AWS_MAX_ATTEMPTS: '2' });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('ecr:DescribeRepositories: AWS answered 500 (internal failure)');
});

test('up fails when an endpoint refuses the connection', async () => {
  const { exitCode, stderr } = await make().run(['plan'], {
    AWS_ENDPOINT_URL_ECR: 'http://127.0.0.1:1',
    AWS_MAX_ATTEMPTS: '1',
  });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('ecr:DescribeRepositories: us-east-1 cannot be reached');
});

test('up reports a function that stays Pending after a wait, and the next run continues', async () => {
  const project = make();
  bed.lambdaProxy.rewrite(/^GET \/2015-03-31\/functions\/[^/]+(\/configuration)?$/, (body) =>
    body.replaceAll('"State":"Active"', '"State":"Pending","StateReason":"The function is being created."'),
  );
  const stderr = await failedUp(project, { BOXER_AWS_WAIT: '3' });
  expect(stderr).toContain(
    `function ${functionOf(project)} is still Pending after 3 s: The function is being created.`,
  );
  expect(stderr).toContain(`repository boxer/${project.name}`);
  bed.lambdaProxy.heal();
  expect((await project.run(['create', '--yes'])).exitCode).toBe(0);
});

test('a function in the state Failed is deleted and created again', async () => {
  const project = make();
  expect((await project.run(['create', '--yes'])).exitCode).toBe(0);
  // The function is read three times: once by `plan`, then by the plan of `create` and by `create` itself.
  let left = 3;
  bed.lambdaProxy.rewrite(/^GET \/2015-03-31\/functions\/[^/]+$/, (body) => {
    left -= 1;
    if (left < 0) return body;
    return body.replace('"State":"Active"', '"State":"Failed","StateReason":"The image cannot be read."');
  });
  expect((await project.run(['plan'])).stdout).toMatch(
    /^replace +function +\S+ +it failed: The image cannot be read\./m,
  );
  const { exitCode, all } = await project.run(['create', '--yes']);
  if (exitCode !== 0) throw new Error(all);
  expect(bed.lambdaProxy.requests).toContain(`DELETE /2015-03-31/functions/${functionOf(project)}`);
  expect((await read(project)).Configuration?.State).toBe('Active');
});

test('two runs at once both succeed, and make one function', async () => {
  const [first, second] = [make(), make()];
  const names = ['-p', first.name];
  const results = await Promise.all([
    first.run([...names, 'create', '--yes']),
    second.run([...names, 'create', '--yes']),
  ]);
  // Only Boxer's own errors count: Compose may fail over the other run's containers on the shared engine.
  for (const { stderr } of results) expect(stderr).not.toContain('docker boxer: ');
  expect((await read(first)).Configuration).toMatchObject({ State: 'Active', MemorySize: 512 });
  const creations = bed.lambdaProxy.requests.filter((line) => line === 'POST /2015-03-31/functions');
  expect(creations.length).toBeGreaterThan(0);
});

test('conflicts with other changes are waited out, and conflicts that last are reported', async () => {
  const project = make();
  const conflict = {
    status: 409,
    type: 'ResourceConflictException',
    message: 'An update is in progress',
    times: 2,
  };
  bed.lambdaProxy.fail(/^(PUT|POST) /, conflict);
  expect((await project.run(['create', '--yes'])).exitCode).toBe(0);
  bed.lambdaProxy.fail(/^PUT /, { ...conflict, times: 1000 });
  project.write('compose.yaml', oneService().replace('memory: 512', 'memory: 1024'));
  const { exitCode, stderr } = await project.run(['create', '--yes']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('is being changed by somebody else, again and again');
});

test('a function is created as soon as Lambda can assume its new role', async () => {
  const project = make();
  bed.lambdaProxy.fail(/^POST \/2015-03-31\/functions$/, {
    status: 400,
    type: 'InvalidParameterValueException',
    message: 'The role defined for the function cannot be assumed by Lambda.',
    times: 2,
  });
  expect((await project.run(['create', '--yes'])).exitCode).toBe(0);
  expect((await read(project)).Configuration?.State).toBe('Active');
});

test("up passes on Lambda's own message when Lambda refuses a function", async () => {
  const project = make();
  const message = 'The image manifest, config or layer media type for the source image is not supported.';
  const unsupported = { status: 400, type: 'InvalidParameterValueException', message };
  bed.lambdaProxy.fail(/^POST \/2015-03-31\/functions$/, unsupported);
  expect(await failedUp(project)).toContain(
    `lambda:CreateFunction: InvalidParameterValueException: ${message}`,
  );
});

test('up and down leave a function of the same name alone that Boxer has not made', async () => {
  const project = make();
  await project.run(['push']);
  await bed.client.send(
    new CreateFunctionCommand({
      FunctionName: functionOf(project),
      PackageType: 'Image',
      Code: { ImageUri: FUNCTION },
      Role: ROLE,
    }),
  );
  const stderr = await failedUp(project);
  expect(stderr).toContain(`there is a function ${functionOf(project)} already, and it is not made by Boxer`);
  expect((await project.run(['down', '--functions'])).exitCode).toBe(0);
  expect((await read(project)).Configuration?.MemorySize).toBe(128);
  await bed.client.send(new DeleteFunctionCommand({ FunctionName: functionOf(project) }));
});

test('up fails when the repository is in another region than the functions', async () => {
  const elsewhere = await startEcrEndpoint(
    bed.registry,
    'us-east-1',
    '000000000000.dkr.ecr.eu-west-1.amazonaws.com',
  );
  try {
    const stderr = await failedUp(make(), { AWS_ENDPOINT_URL_ECR: elsewhere.url });
    expect(stderr).toContain('dkr.ecr.eu-west-1.amazonaws.com/boxer/');
    expect(stderr).toContain('is in eu-west-1, and the functions are to run in us-east-1');
  } finally {
    await elsewhere.stop();
  }
});

test('down names what stays in the account and what it costs, and --functions removes it', async () => {
  const project = make();
  expect((await project.run(['create', '--yes'])).exitCode).toBe(0);
  const stays = await project.run(['down', '--timeout', '1']);
  expect(stays.exitCode).toBe(0);
  expect(stays.stderr).toMatch(new RegExp(`What stays in AWS \\(us-east-1\\): ${functionOf(project)}, `));
  expect(stays.stderr).toMatch(/the repository boxer\/\S+ with \d+ MB, about 0\.\d+ USD a month/);
  const gone = await project.run(['down', '--functions', '--timeout', '1']);
  expect(gone.exitCode).toBe(0);
  expect(gone.stderr).toContain(`Function ${functionOf(project)}  Removed`);
  expect(gone.stderr).toContain(`Repository boxer/${project.name}  Removed`);
  await expect(read(project)).rejects.toThrow('Function not found');
  expect((await project.run(['down', '--timeout', '1'])).stderr).not.toContain('What stays');
});
