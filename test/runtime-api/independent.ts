import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { serviceKey } from '../../supervisor/control/psk.ts';
import { buildTestImages } from '../lib/images.ts';

/** A function environment under the Lambda of independent/lambda.py, with its seed and network. */
export interface Independent {
  /** Runs a phantom with this command and environment to its end. */
  phantom(argv: readonly string[], environment?: Record<string, string>): ReturnType<typeof unchecked>;
  /**
   * Invokes the function with any payload, as AWS's runtime interface emulator is invoked. Resolves to the
   * answer; `error` is the kind of the error, or null.
   */
  invoke(payload: string): Promise<{ error: string | null; body: string }>;
  /** Starts the function's only environment. `mount` has options of `docker run`, which can hide files. */
  startFunction(...mount: string[]): Promise<void>;
  /** Waits for the end of the environment that was started last; resolves to its exit code and stderr. */
  functionEnded(): Promise<{ exitCode: number; stderr: string }>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Resolves to the next line of lambda.py that has `member`, with `value` if that is given. */
  next(member: string, value?: unknown): Promise<Record<string, unknown>>;
  /** The broken rules that lambda.py has reported. */
  violations(): Promise<string[]>;
  remove(): Promise<void>;
}

const HERE = new URL('independent/', import.meta.url).pathname;
const ROOT = new URL('../../', import.meta.url).pathname;
const IMAGE = 'boxer-test/tools:1';

/** Runs a docker command. Does not reject if it fails. */
const unchecked = (args: readonly string[]) => execa('docker', args, { reject: false });

function runtimeImage(): string {
  const images: unknown = JSON.parse(readFileSync(join(ROOT, 'build/images.json'), 'utf8'));
  return String(Reflect.get(Object(images), 'runtime'));
}

const nodeSettings = (project: string) => ({
  version: 1,
  project,
  service: 'job',
  networks: { default: ['job'] },
  environment: { include: [], exclude: ['PATH', 'HOME', 'BOXER'] },
  remap: {},
  twin: {
    endpoint: 'http://lambda:9000',
    region: 'eu-west-1',
    functionName: 'independent',
    imageUri: IMAGE,
    memorySize: 512,
    timeout: 900,
    ephemeralStorage: 512,
    createIfMissing: true,
  },
});

const seedSettings = (project: string) => ({
  version: 1,
  project,
  overlay: '198.18.0.0/15',
  port: 7070,
  gateways: [],
});

/** Starts a seed and lambda.py on a new Docker network. `timeout` is that of the functions, in seconds. */
export async function startIndependent(timeout = 900): Promise<Independent> {
  await buildTestImages();
  const name = `ind-${randomBytes(4).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'boxer-independent-'));
  const key = randomBytes(32);
  writeFileSync(join(folder, 'project-key'), key.toString('hex'));
  writeFileSync(join(folder, 'service-key'), serviceKey(key, 'job').toString('hex'));
  const secret = (file: string) => ['--volume', `${join(folder, file)}:/run/secrets/boxer-key:ro`];
  const runtime = ['--volume', `${name}:/opt/boxer`];
  const docker = (...args: string[]) => execa('docker', args);
  const settings = (value: object) => ['--env', `BOXER=${JSON.stringify(value)}`];
  const member = (role: string) => ['--name', `${name}-${role}`, '--network', name];

  await docker('network', 'create', name);
  const seed = [...member('seed'), '--network-alias', 'seed.boxer.internal', ...secret('project-key')];
  // The first container fills the volume with its image's /opt/boxer.
  await docker(
    ...['run', '--detach', ...seed, ...runtime, ...settings(seedSettings(name)), runtimeImage(), 'seed'],
  );
  const lambda = [...member('lambda'), '--network-alias', 'lambda', '--volume', `${HERE}:/lambda:ro`];
  await docker('run', '--detach', ...lambda, IMAGE, 'python3', '/lambda/lambda.py', String(timeout));

  const { lines, next } = readLines(`${name}-lambda`);
  await next('ready');

  return {
    next,
    phantom: (argv, environment = {}) =>
      unchecked([
        ...['run', '--rm', '--network', name, '--hostname', 'job-1', ...secret('service-key'), ...runtime],
        ...Object.entries(environment).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
        ...settings(nodeSettings(name)),
        ...['--entrypoint', '/opt/boxer/bin/boxer', IMAGE, 'phantom', '--', ...argv],
      ]),
    invoke: (payload) => invokeIn(`${name}-lambda`, payload),
    startFunction: async (...mount) => {
      await unchecked(['rm', '--force', `${name}-function`]);
      // lambda.py serves a single environment, so another environment needs another lambda.py.
      await docker('restart', '--time', '0', `${name}-lambda`);
      await next('ready');
      await docker(...['run', '--detach', ...member('function'), ...sandboxOf(name), ...mount], ...FUNCTION);
    },
    functionEnded: async () => {
      const { stdout } = await docker('wait', `${name}-function`);
      return { exitCode: Number(stdout), stderr: (await docker('logs', `${name}-function`)).stderr };
    },
    freeze: async () => void (await docker('pause', `${name}-function`)),
    thaw: async () => void (await docker('unpause', `${name}-function`)),
    violations: async () => (await lines()).flatMap(({ violation }) => violation ?? []).map(String),
    remove: async () => {
      const all = ['function', 'lambda', 'seed'].map((role) => `${name}-${role}`);
      await unchecked(['rm', '--force', '--volumes', ...all]);
      await unchecked(['volume', 'rm', name]);
      await unchecked(['network', 'rm', name]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** As AWS runs an image: its own user, nothing writable but /tmp, no privilege. */
const sandboxOf = (volume: string) => [
  ...['--user', '993:990', '--read-only', '--tmpfs', '/tmp:rw,exec,mode=1777'],
  ...['--cap-drop', 'ALL', '--ipc', 'none'],
  ...['--security-opt', 'no-new-privileges', '--volume', `${volume}:/opt/boxer:ro`],
];
const FUNCTION = [
  ...['--env', 'AWS_LAMBDA_RUNTIME_API=lambda:9001', '--env', 'AWS_LAMBDA_FUNCTION_NAME=independent'],
  ...['--entrypoint', '/opt/boxer/bin/boxer', IMAGE],
];

/** The lines of lambda.py: all that it has said, and the next one with a member. */
function readLines(container: string) {
  let taken = 0;
  const lines = async (): Promise<Record<string, unknown>[]> => {
    const { stdout } = await execa('docker', ['logs', container]);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };
  const next: Independent['next'] = async (wanted, value) => {
    const end = Date.now() + 60_000;
    for (;;) {
      const all = await lines();
      const index = all.findIndex(
        (line, at) => at >= taken && wanted in line && (value === undefined || line[wanted] === value),
      );
      const found = all[index];
      if (found) {
        taken = index + 1;
        return found;
      }
      if (Date.now() > end) throw new Error(`no line has "${wanted}"; all lines: ${JSON.stringify(all)}`);
      await sleep(100);
    }
  };
  return { lines, next };
}

/** Invokes the function at lambda.py's port, with curl inside its container. */
async function invokeIn(container: string, payload: string): ReturnType<Independent['invoke']> {
  const path = '2015-03-31/functions/function/invocations';
  const { stdout } = await execa(
    'docker',
    [
      ...['exec', '--interactive', container, 'curl', '--silent', '--include', '--data-binary', '@-'],
      `http://localhost:9000/${path}`,
    ],
    { input: payload },
  );
  const [head = '', ...body] = stdout.split(/\r?\n\r?\n/);
  return {
    error: /^x-amz-function-error: *(\w+)/im.exec(head)?.[1] ?? null,
    body: body.join('\n\n'),
  };
}
