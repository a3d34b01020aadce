import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, type Project, run } from '../lib/project.ts';

const IMAGE = `boxer-test/place:${process.pid}`;

/**
 * Each file that Node.js, OpenSSL or libc reads on its own, with content that would stop the supervisor if it
 * read it; and folders that only root can enter.
 */
const DOCKERFILE = `FROM boxer-test/tools:1
RUN mkdir -p /app /closed/inside \\
 && for file in /package.json /app/package.json; do echo '{ "type": ' >$file; chmod 600 $file; done \\
 && chmod 700 /closed && mkdir -p /etc/ssl && printf '[x\\n' >/etc/ssl/openssl.cnf \\
 && echo 'hosts: nothing [!UNAVAIL=return]' >/etc/nsswitch.conf
WORKDIR /app
USER 1234
`;

/** Variables that change Node.js, OpenSSL, libc or the AWS SDK. Only the guest may obey them. */
const VARIABLES = {
  NODE_OPTIONS: '--require /app/tracing.js',
  NODE_EXTRA_CA_CERTS: '/not/there.pem',
  NODE_V8_COVERAGE: '/not/there',
  NODE_USE_ENV_PROXY: '1',
  HTTP_PROXY: 'http://127.0.0.1:9',
  SSL_CERT_FILE: '/not/there.pem',
  OPENSSL_CONF: '/etc/ssl/openssl.cnf',
  LD_LIBRARY_PATH: '/app',
  MALLOC_ARENA_MAX: '1',
  GLIBC_TUNABLES: 'glibc.malloc.arena_max=1',
  GCONV_PATH: '/app',
  RES_OPTIONS: 'attempts:0',
  HOSTALIASES: '/app/aliases',
  UV_THREADPOOL_SIZE: '1',
  TZ: 'Asia/Tokyo',
  HOME: '/closed',
  TMPDIR: '/closed',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  AWS_PROFILE: 'nobody',
  AWS_CONFIG_FILE: '/app/package.json',
  AWS_MAX_ATTEMPTS: 'many',
};

/** Prints the working directory, limits, signal masks, descriptor flags and variables of the guest. */
const DESCRIBE_PROCESS = [
  'pwd',
  'ulimit -Sn',
  'ulimit -Hn',
  'umask',
  'grep -E "SigBlk|SigIgn" /proc/self/status',
  'grep flags /proc/self/fdinfo/0 /proc/self/fdinfo/1 /proc/self/fdinfo/2',
  'env | grep -vE "^(HOSTNAME|SHLVL|_|LD_PRELOAD|BOXER_SOCKET|BOXER_REMAP)=" | sort',
].join('; ');

const compose = (target: string) => `
services:
  describer:
    image: ${IMAGE}
    command: ["bash", "-c", ${JSON.stringify(DESCRIBE_PROCESS)}]
    ulimits: { nofile: { soft: 1000, hard: 5000 } }
    environment: ${JSON.stringify(VARIABLES)}
    x-boxer: ${target}
  closed:
    image: ${IMAGE}
    profiles: [manual]
    working_dir: /closed/inside
    command: ["pwd"]
    x-boxer: ${target}
`;

beforeAll(async () => {
  await buildTestImages();
  await run('docker', ['buildx', 'build', '--load', '--tag', IMAGE, '-'], {
    input: DOCKERFILE,
    stdin: 'pipe',
  });
}, 300_000);
afterAll(() => run('docker', ['image', 'rm', '--force', IMAGE]));

/** Runs the service; resolves to what it prints, without Compose's progress, and its exit code. */
async function runService(project: Project, verb: 'boxer' | 'compose', service: string): Promise<string> {
  const { all, exitCode } = await project[verb]('run', '--rm', '--no-TTY', service);
  const printed = all
    .split('\n')
    .filter((line) => !/^ ?(Network|Container|Volume|Twin|time=| ?\[\+\])/.test(line.trim()));
  return [...printed, `exit code ${exitCode}`].join('\n');
}

describe('the guest of a boxed container', () => {
  let project: Project;
  beforeAll(() => {
    project = createProject({ 'compose.yaml': compose('container') });
  });
  afterAll(() => project.remove(), 120_000);

  test('has the working directory, the limits and the variables that it has without Boxer', async () => {
    const native = await runService(project, 'compose', 'describer');
    expect(native).toContain('NODE_OPTIONS=--require /app/tracing.js');
    expect(await runService(project, 'boxer', 'describer')).toBe(native);
  }, 400_000);

  test('starts in a working directory that only root may enter, as it does without Boxer', async () => {
    const native = await runService(project, 'compose', 'closed');
    expect(native).toContain('/closed/inside');
    expect(await runService(project, 'boxer', 'closed')).toBe(native);
  }, 400_000);
});

describe('the guest of a function', () => {
  let project: Project;
  beforeAll(() => {
    project = createProject({ 'compose.yaml': compose('lambda').replace(/ {4}ulimits.*\n/, '') });
  });
  afterAll(() => project.remove(), 120_000);

  test('starts in its working directory with its variables, whatever broken files are there', async () => {
    const printed = await runService(project, 'boxer', 'describer');
    expect(printed).toMatch(/^\/app$/m);
    expect(printed).toMatch(/exit code 0$/);
    for (const [name, value] of Object.entries({ ...VARIABLES, HOME: '/tmp' })) {
      expect(printed.split('\n')).toContain(`${name}=${value}`);
    }
  }, 400_000);

  test('exits with 126 and names the working directory when it may not enter that', async () => {
    const printed = await runService(project, 'boxer', 'closed');
    expect(printed).toContain(
      'boxer: cannot enter the working directory /closed/inside as user 993: permission denied',
    );
    expect(printed).toMatch(/exit code 126$/);
  }, 400_000);
});
