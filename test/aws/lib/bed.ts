import type { LambdaClient } from '@aws-sdk/client-lambda';
import { type Home, makeHome } from '../../../compose-plugin/testing/home.ts';
import { makeProject, type TestProject } from '../../../compose-plugin/testing/project.ts';
import { startTestLambda, type TestLambda } from '../../../lambda-local/testing/test-lambda.ts';
import { type Ran, run } from '../../lib/project.ts';
import { type EcrEndpoint, startEcrEndpoint } from './ecr-endpoint.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type Registry, startRegistry } from './registry.ts';

export const REGION = 'us-east-1';
export const ROLE = 'arn:aws:iam::000000000000:role/boxer-function';
/** A secret key of no account: the servers of the bed accept any signature. */
export const SECRET = 'bed-secret-that-must-not-be-seen';

/** A substitute for an AWS account: ECR's API, a real registry, and the local Lambda. */
export interface Bed {
  readonly home: Home;
  readonly registry: Registry;
  readonly ecr: EcrEndpoint;
  readonly lambda: TestLambda;
  /** The plugin reaches the two APIs through these proxies. */
  readonly ecrProxy: FaultProxy;
  readonly lambdaProxy: FaultProxy;
  /** A client with which a test can inspect the account. */
  readonly client: LambdaClient;
  readonly env: NodeJS.ProcessEnv;
  project(yaml: string): BedProject;
  stop(): Promise<void>;
}

export interface BedProject extends TestProject {
  /** Runs `docker boxer WORDS` against the bed, without blocking the servers of the bed. */
  run(words: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
}

/**
 * Starts a bed. By default, its home is a separate Docker configuration with the plugin and with substitutes
 * for the plugin's images.
 */
export async function startBed(homeOf: () => Home | Promise<Home> = makeHome): Promise<Bed> {
  const [home, registry, lambda] = await Promise.all([
    homeOf(),
    startRegistry(),
    startTestLambda({ LAMBDA_LOCAL_PREPARED: '0', LAMBDA_LOCAL_REGION: REGION }),
  ]);
  const ecr = await startEcrEndpoint(registry, REGION);
  const ecrProxy = await startFaultProxy(ecr.url);
  const lambdaProxy = await startFaultProxy(`http://${lambda.address}:9000`);
  const env: NodeJS.ProcessEnv = {
    ...home.env,
    AWS_ENDPOINT_URL_ECR: ecrProxy.url,
    AWS_ENDPOINT_URL_LAMBDA: lambdaProxy.url,
    AWS_ACCESS_KEY_ID: 'AKIDBED',
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_CONFIG_FILE: '/nonexistent/config',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_REGION: undefined,
    AWS_PROFILE: undefined,
  };
  return {
    ...{ home, registry, ecr, lambda, ecrProxy, lambdaProxy, env },
    client: lambda.client,
    project: (yaml) => {
      const project = makeProject({ ...home, env }, yaml);
      const options = (more: NodeJS.ProcessEnv) => ({
        cwd: project.directory,
        env: { ...env, ...more },
        extendEnv: false,
      });
      return { ...project, run: (words, more = {}) => run('docker', ['boxer', ...words], options(more)) };
    },
    stop: async () => {
      await Promise.all([ecrProxy.stop(), lambdaProxy.stop(), ecr.stop(), registry.stop(), lambda.remove()]);
      home.remove();
    },
  };
}

/**
 * The control port of this test's seed. The ninety ports after it are published on this machine as well, so
 * each test process has a range of its own. The ranges are below that of the kernel's ephemeral ports.
 */
export const SEED_PORT = 10_300 + (process.pid % 200) * 100;

/**
 * A project with one service on AWS. It has only two relay ports, because the engine takes a third of a
 * second to publish and to close each of them. `more` is added to the service's x-boxer, and `top` to the
 * project's.
 */
export const oneService = (more = '', top = '') => `
services:
  worker:
    image: debian:bookworm-slim
    command: [sleep, infinity]
    x-boxer: { target: lambda, memory: 512, timeout: 5m${more} }
x-boxer:
  provider: aws
  region: ${REGION}
  role: ${ROLE}
  seed: { advertise: "seed.example.org:${SEED_PORT}", relay-ports: ${SEED_PORT + 30}-${SEED_PORT + 31} }
${top}`;
