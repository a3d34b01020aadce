import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import type { Check } from '../../report/check.ts';
import { ecrRepository } from '../../twin/names.ts';
import { call } from '../call.ts';
import type { Aws } from '../connect.ts';
import { megabytesOf } from '../cost/show.ts';
import { differences } from '../functions/compare.ts';
import { type FunctionState, readFunction } from '../functions/state.ts';
import { ecrTag, type PushedImage, readImages, storedBytes } from '../registry/images.ts';
import { type RepositoryState, readRepository } from '../registry/repository.ts';
import type { WantedFunction } from '../wanted.ts';

/** A service's function, with its wanted settings if the engine has the service's image. */
export interface ExpectedFunction {
  service: string;
  functionName: string;
  wanted: WantedFunction | undefined;
}

const failed = (name: string, error: unknown): Check => {
  if (!(error instanceof BoxerError) || error.code === 'CANCELLED') throw error;
  return { name, ok: false, found: error.message, advice: error.hint ?? 'Run the command again.' };
};

/** Runs one check of the account. An error of AWS becomes a failed check. @throws BoxerError CANCELLED */
const attempt = (name: string, work: () => Promise<Check[]>): Promise<Check[]> =>
  work().catch((error: unknown) => [failed(name, error)]);

/**
 * Only reads, with permissions of the policy `docker boxer iam deployer`. A failed check does not stop the
 * others.
 */
export async function accountChecks(aws: Aws, expected: readonly ExpectedFunction[]): Promise<Check[]> {
  const credentials = await attempt('AWS credentials', async () => [await credentialsCheck(aws)]);
  // Without credentials every other check would fail for the same reason.
  if (credentials.some(({ ok }) => !ok)) return credentials;
  let repository: RepositoryState | undefined;
  let images: ReadonlyMap<string, PushedImage> = new Map();
  const registry = await attempt('ECR repository', async () => {
    const name = ecrRepository(aws.scope.project);
    repository = await readRepository(aws, name);
    if (repository !== undefined) images = await readImages(aws, name);
    if (repository?.account) aws.scope.account = repository.account;
    const found =
      repository === undefined
        ? `${name}: none yet, \`docker boxer push\` or \`up\` makes it`
        : `${name}: ${images.size} images, ${megabytesOf(storedBytes(images))}`;
    return [{ name: 'ECR repository', ok: true, found, advice: '' }];
  });
  const functions = await Promise.all(
    expected.map((one) =>
      attempt(`function of ${one.service}`, async () => {
        const state = await readFunction(aws, one.functionName);
        return [functionCheck(aws, one, state, repository, images)];
      }),
    ),
  );
  const concurrency = await attempt('concurrency', () => concurrencyCheck(aws, expected));
  return [...credentials, ...registry, ...functions.flat(), ...concurrency];
}

/** Checks that credentials exist and have not expired. The next check shows whether AWS accepts them. */
async function credentialsCheck(aws: Aws): Promise<Check> {
  const read = () => aws.lambda.config.credentials();
  const { accessKeyId, expiration } = await call(aws, 'credentials', read);
  const minutes = expiration === undefined ? undefined : (expiration.getTime() - Date.now()) / 60_000;
  const until = minutes === undefined ? '' : `, for ${Math.max(0, Math.floor(minutes))} more minutes`;
  return {
    name: 'AWS credentials',
    ok: minutes === undefined || minutes > 0,
    found: `access key ...${accessKeyId.slice(-4)}${until}, region ${aws.region}`,
    advice: 'Get new ones, for instance with `aws sso login`.',
  };
}

function functionCheck(
  aws: Aws,
  { service, functionName, wanted }: ExpectedFunction,
  state: FunctionState | undefined,
  repository: RepositoryState | undefined,
  images: ReadonlyMap<string, PushedImage>,
): Check {
  const check = { name: `function of ${service}`, ok: true, advice: '' };
  if (state === undefined)
    return { ...check, found: `${functionName}: none yet, \`docker boxer up\` makes it` };
  if (state.tags['boxer:project'] !== aws.scope.project) {
    const advice = 'Rename the project (-p, or name: in the compose file), or remove that function.';
    return {
      ...check,
      ok: false,
      found: `${functionName} exists and does not belong to this project`,
      advice,
    };
  }
  if (state.state === 'Failed') {
    return {
      ...check,
      ok: false,
      found: `failed: ${state.reason ?? 'for a reason that Lambda does not name'}`,
      advice: '`docker boxer up` creates it again.',
    };
  }
  const image = wanted && images.get(ecrTag(service, wanted.twin));
  const uri = image && repository && `${repository.uri}@${image.digest}`;
  const drift = wanted === undefined ? [] : differences(wanted, state, uri);
  const changes = drift.map(({ what, from, to }) => `${what} ${from} -> ${to}`).join(', ');
  const rest = changes === '' ? '' : `; the next \`docker boxer up\` changes ${changes}`;
  const reason = state.state === 'Active' || state.reason === undefined ? '' : ` (${state.reason})`;
  return { ...check, found: `${state.state}${reason}${rest}` };
}

/**
 * A function with reserved concurrency runs at most that many replicas; the others share the unreserved rest.
 */
async function concurrencyCheck(aws: Aws, expected: readonly ExpectedFunction[]): Promise<Check[]> {
  const sharing = expected.filter(({ wanted }) => wanted?.concurrency === undefined);
  const replicas = sharing.reduce((sum, { wanted }) => sum + (wanted?.replicas ?? 1), 0);
  const short = expected.find(
    ({ wanted }) => wanted !== undefined && wanted.replicas > (wanted.concurrency ?? Infinity),
  );
  const check = {
    name: 'concurrency',
    advice: 'Ask AWS for more (Service Quotas, Lambda, Concurrent executions).',
  };
  const send = () => aws.lambda.send(new GetAccountSettingsCommand({}), { abortSignal: aws.signal });
  try {
    const { AccountLimit: limit } = await call(aws, 'lambda:GetAccountSettings', send);
    const left = limit?.UnreservedConcurrentExecutions ?? 0;
    const all = limit?.ConcurrentExecutions ?? 0;
    const found = `${left} of ${all} are not reserved; the project's replicas need ${replicas} of them`;
    const unreserved = { ...check, ok: left >= replicas, found };
    if (short?.wanted === undefined) return [unreserved];
    const { replicas: declared, concurrency } = short.wanted;
    const declares = `${short.service} declares ${declared} replicas`;
    const reserved = `${declares}, and x-boxer.concurrency is ${concurrency}`;
    return [
      unreserved,
      {
        name: 'concurrency',
        ok: false,
        found: reserved,
        advice: 'Raise x-boxer.concurrency: replicas above it wait until others end.',
      },
    ];
  } catch (error) {
    if (!(error instanceof BoxerError) || error.code !== 'AWS_DENIED') throw error;
    return [{ ...check, ok: true, found: 'unknown: the credentials do not allow lambda:GetAccountSettings' }];
  }
}
