import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import * as z from 'zod/mini';
import { modelFaults } from './model-check.ts';
import type { Registry } from './registry.ts';

/**
 * ECR's API in front of a registry. Its requests and answers are compared with the SDK's model of the API.
 */
export interface EcrEndpoint {
  readonly url: string;
  /** The names of the operations that were called, in order. */
  readonly calls: string[];
  /** The deviations of requests and answers from the model. */
  readonly faults: string[];
  readonly repositories: Map<string, Repository>;
  stop(): Promise<void>;
}

export interface Repository {
  description: Record<string, unknown>;
  lifecyclePolicyText?: string;
  tags: unknown;
}

export const ACCOUNT = '000000000000';
const TARGET = 'AmazonEC2ContainerRegistry_V20150921.';
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

const tagList = z.object({ tags: z.nullish(z.array(z.string())) });
const blob = z.object({ size: z.number() });
const manifest = z.object({ config: blob, layers: z.array(blob) });

class EcrError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

type Input = Readonly<Record<string, unknown>>;

/**
 * Starts the endpoint. It only accepts signatures for `region`. `host` is the registry's host in repository
 * URIs.
 */
export async function startEcrEndpoint(
  registry: Registry,
  region: string,
  host = registry.host,
): Promise<EcrEndpoint> {
  const repositories = new Map<string, Repository>();
  const calls: string[] = [];
  const faults: string[] = [];

  const operations = operationsOf(registry, region, host, repositories);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const name = String(request.headers['x-amz-target'] ?? '').replace(TARGET, '');
    calls.push(name);
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    };
    const scope = /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(
      request.headers.authorization ?? '',
    );
    if (scope?.[1] !== region || scope[2] !== 'ecr') {
      answer(400, {
        __type: 'InvalidSignatureException',
        message: `Credential should be scoped to a valid region (${region}).`,
      });
      return;
    }
    try {
      const input = JSON.parse(Buffer.concat(chunks).toString() || '{}');
      const wrong = modelFaults(`${name}Request`, input);
      faults.push(...wrong);
      if (wrong.length > 0) throw new EcrError('InvalidParameterException', wrong.join('; '));
      const operation = operations[name];
      if (operation === undefined) throw new EcrError('UnknownOperationException', name);
      const output = await operation(input);
      faults.push(...modelFaults(`${name}Response`, output));
      answer(200, output);
    } catch (error) {
      const type = error instanceof EcrError ? error.type : 'ServerException';
      answer(error instanceof EcrError ? 400 : 500, { __type: type, message: String(error) });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    faults,
    repositories,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The images that the registry has. */
async function imagesOf(registry: Registry, repositoryName: string): Promise<object[]> {
  const listed = await registry.get(`${repositoryName}/tags/list`);
  const tags: string[] = listed.ok ? (tagList.parse(await listed.json()).tags ?? []) : [];
  return Promise.all(
    tags.map(async (tag) => {
      const text = await (await registry.get(`${repositoryName}/manifests/${tag}`, MANIFEST)).text();
      const { layers, config } = manifest.parse(JSON.parse(text));
      const sizes = [config.size, ...layers.map(({ size }) => size)];
      return {
        registryId: ACCOUNT,
        repositoryName,
        imageDigest: `sha256:${createHash('sha256').update(text).digest('hex')}`,
        imageTags: [tag],
        imageSizeInBytes: sizes.reduce((sum, size) => sum + size, 0),
        imagePushedAt: Date.now() / 1000,
        imageManifestMediaType: MANIFEST,
      };
    }),
  );
}

type Operations = Record<string, (input: Input) => Promise<object> | object>;

/** ECR's operations by name, on `repositories`. */
function operationsOf(
  registry: Registry,
  region: string,
  host: string,
  repositories: Map<string, Repository>,
): Operations {
  return {
    ...repositoryOperations(region, host, repositories),
    ...policyOperations(repositories),
    GetAuthorizationToken: () => ({
      authorizationData: [
        {
          authorizationToken: Buffer.from(`${registry.user}:${registry.password}`).toString('base64'),
          expiresAt: Date.now() / 1000 + 43_200,
          proxyEndpoint: `http://${host}`,
        },
      ],
    }),
    DescribeImages: async (input) => {
      repositoryOf(repositories, input);
      return { imageDetails: await imagesOf(registry, String(input.repositoryName)) };
    },
  };
}

function repositoryOf(repositories: ReadonlyMap<string, Repository>, input: Input): Repository {
  const name = String(input.repositoryName);
  const found = repositories.get(name);
  if (found !== undefined) return found;
  throw new EcrError('RepositoryNotFoundException', `The repository with name '${name}' does not exist`);
}

function repositoryOperations(
  region: string,
  host: string,
  repositories: Map<string, Repository>,
): Operations {
  return {
    DescribeRepositories: (input) => {
      const names = Array.isArray(input.repositoryNames)
        ? input.repositoryNames.map(String)
        : [...repositories.keys()];
      return {
        repositories: names.map(
          (repositoryName) => repositoryOf(repositories, { repositoryName }).description,
        ),
      };
    },
    CreateRepository: (input) => {
      const name = String(input.repositoryName);
      if (repositories.has(name)) throw new EcrError('RepositoryAlreadyExistsException', `${name} exists`);
      const { tags, ...settings } = input;
      const description = {
        ...settings,
        repositoryArn: `arn:aws:ecr:${region}:${ACCOUNT}:repository/${name}`,
        registryId: ACCOUNT,
        repositoryUri: `${host}/${name}`,
        createdAt: Date.now() / 1000,
      };
      repositories.set(name, { description, tags });
      return { repository: description };
    },
    DeleteRepository: (input) => {
      const { description } = repositoryOf(repositories, input);
      repositories.delete(String(input.repositoryName));
      return { repository: description };
    },
  };
}

function policyOperations(repositories: ReadonlyMap<string, Repository>): Operations {
  return {
    GetLifecyclePolicy: (input) => {
      const { lifecyclePolicyText } = repositoryOf(repositories, input);
      if (lifecyclePolicyText === undefined)
        throw new EcrError('LifecyclePolicyNotFoundException', 'no policy');
      return { registryId: ACCOUNT, repositoryName: input.repositoryName, lifecyclePolicyText };
    },
    PutLifecyclePolicy: (input) => {
      repositoryOf(repositories, input).lifecyclePolicyText = String(input.lifecyclePolicyText);
      return {
        registryId: ACCOUNT,
        repositoryName: input.repositoryName,
        lifecyclePolicyText: input.lifecyclePolicyText,
      };
    },
  };
}
