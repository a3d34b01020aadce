import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { type Docker, docker } from '../../engine/docker.ts';
import { call } from '../call.ts';
import type { Aws } from '../connect.ts';

/**
 * Runs `work` with a docker that is logged in to the repository's registry. The login is kept in a temporary
 * docker configuration, which is removed afterwards. The user's configuration is only read.
 * @throws BoxerError LOGIN, and those of `call`
 */
export async function withLogin<T>(
  aws: Aws,
  engine: Docker,
  repositoryUri: string,
  work: (engine: Docker) => Promise<T>,
): Promise<T> {
  const { user, password } = await registryCredentials(aws);
  const folder = mkdtempSync(join(tmpdir(), 'boxer-login-'));
  try {
    borrowConfiguration(folder, engine.env);
    const loggedIn = { ...engine, env: { ...engine.env, DOCKER_CONFIG: folder } };
    const host = repositoryUri.slice(0, repositoryUri.indexOf('/'));
    const { code, stderr } = await docker(loggedIn, ['login', '--username', user, '--password-stdin', host], {
      input: password,
    });
    if (code !== 0) {
      throw new BoxerError('LOGIN', `docker login ${host}: ${lastLine(stderr)}`, {
        hint:
          'The password came from ecr:GetAuthorizationToken; does AWS_ENDPOINT_URL_ECR belong to ' +
          'this registry?',
      });
    }
    return await work(loggedIn);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function registryCredentials(aws: Aws): Promise<{ user: string; password: string }> {
  const send = () => aws.ecr.send(new GetAuthorizationTokenCommand({}), { abortSignal: aws.signal });
  const { authorizationData } = await call(aws, 'ecr:GetAuthorizationToken', send);
  const token = Buffer.from(authorizationData?.[0]?.authorizationToken ?? '', 'base64').toString();
  const colon = token.indexOf(':');
  if (colon < 1) throw new BoxerError('LOGIN', 'ecr:GetAuthorizationToken answered no token');
  return { user: token.slice(0, colon), password: token.slice(colon + 1) };
}

/**
 * Links contexts, plugins and TLS files of the user's configuration into `folder`, but no credential helpers.
 */
function borrowConfiguration(folder: string, env: NodeJS.ProcessEnv): void {
  const own = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  for (const part of ['contexts', 'cli-plugins', 'tls', 'ca.pem', 'cert.pem', 'key.pem']) {
    if (existsSync(join(own, part))) symlinkSync(join(own, part), join(folder, part));
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(currentContext(join(own, 'config.json'))), {
    mode: 0o600,
  });
}

function currentContext(file: string): object {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const context: unknown =
      typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'currentContext') : '';
    return typeof context === 'string' && context !== '' ? { currentContext: context } : {};
  } catch {
    return {};
  }
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';
