import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { HEAD, TAIL } from '../supervisor/bundles/bundle.ts';
import { ownEnvironment } from '../supervisor/guest/own-environment.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const MINUTES = 60_000;

/** Where a function runs: another user, a read-only root, no privilege. */
const AS_FUNCTION = ['--rm', '--read-only', '--user', '993:990', '--cap-drop', 'ALL'];

/** Prints the environment that the supervisor sees, in place of the supervisor. */
const PRINT_ENVIRONMENT = 'process.stdout.write(JSON.stringify(process.env));\n';

const images: string[] = [];
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boxer-runtime-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
  if (images.length > 0) await execa('docker', ['image', 'rm', '--force', ...images], { reject: false });
});

async function runtimeImage(...args: string[]): Promise<string> {
  const tag = `boxer-test/runtime:${images.length}-${process.pid}`;
  images.push(tag);
  await execa('docker', ['buildx', 'build', '--load', '-f', 'Dockerfile.base', '-t', tag, ...args, '.'], {
    cwd: ROOT,
  });
  return tag;
}

let shared: Promise<string> | undefined;
/** The runtime image, for the tests that only read it. */
const sharedRuntimeImage = () => {
  shared ??= runtimeImage();
  return shared;
};

async function imageOf(dockerfile: string): Promise<string> {
  const tag = `boxer-test/guest:${images.length}-${process.pid}`;
  images.push(tag);
  await execa('docker', ['buildx', 'build', '--load', '-t', tag, '-f', '-', directory], {
    input: dockerfile,
  });
  return tag;
}

async function layersOf(image: string): Promise<string> {
  const { stdout } = await execa('docker', ['image', 'inspect', '-f', '{{json .RootFS.Layers}}', image]);
  return stdout;
}

test(
  'the Debian edition is Debian with the runtime in it',
  async () => {
    const tag = `boxer-test/debian:${process.pid}`;
    const build = [
      'buildx',
      'build',
      '--load',
      '-t',
      tag,
      '--build-arg',
      `RUNTIME=${await sharedRuntimeImage()}`,
    ];
    images.push(tag);
    await execa('docker', [...build, 'images/debian'], { cwd: ROOT });
    const shell = ['sh', '-c', '. /etc/os-release; echo $ID; /opt/boxer/bin/boxer version'];
    const { stdout } = await execa('docker', ['run', ...AS_FUNCTION, tag, ...shell]);
    expect(stdout).toMatch(/^debian\nboxer /);
  },
  5 * MINUTES,
);

describe('the runtime image', () => {
  test(
    'two builds give the same bytes',
    async () => {
      const first = await sharedRuntimeImage();
      const second = await runtimeImage('--build-arg', 'ROUND=another');
      expect(await layersOf(second)).toBe(await layersOf(first));
    },
    5 * MINUTES,
  );

  test(
    'holds /opt/boxer only, at most 50 MB of it when compressed',
    async () => {
      const runtime = await sharedRuntimeImage();
      const script = `docker save ${runtime} | gzip -6 | wc -c`;
      const { stdout: size } = await execa('sh', ['-c', script]);
      expect(Number(size)).toBeLessThan(50e6);
      const { stdout: container } = await execa('docker', ['create', runtime]);
      const { stdout: list } = await execa('sh', ['-c', `docker export ${container} | tar t`]);
      await execa('docker', ['rm', container]);
      // The engine adds these to every container.
      const engine = /^(\.dockerenv|dev\/|etc\/|proc\/|sys\/)/;
      const others = list.split('\n').filter((path) => !path.startsWith('opt/') && !engine.test(path));
      expect(others).toEqual([]);
    },
    5 * MINUTES,
  );
});

describe('the runtime image in a function', () => {
  test(
    'runs in Debian, beside musl and in an empty image, as a function would',
    async () => {
      const runtime = await sharedRuntimeImage();
      const copy = `COPY --from=${runtime} /opt/boxer /opt/boxer\nENTRYPOINT ["/opt/boxer/bin/boxer"]\n`;
      const tools = await runtimeImage('--target', 'tools');
      const musl = `FROM ${tools} AS musl
RUN echo 'int puts(const char *); int main(void) { return puts("musl") < 0; }' > /hello.c \\
 && musl-gcc -o /hello /hello.c && cp -L /lib/ld-musl-*.so.1 /
FROM scratch
COPY --from=musl /ld-musl-*.so.1 /lib/
COPY --from=musl /hello /hello
`;
      const guests = ['FROM debian:bookworm-slim\n', musl, 'FROM scratch\n'];
      for (const guest of guests) {
        const image = await imageOf(guest + copy);
        const { stdout } = await execa('docker', ['run', ...AS_FUNCTION, image, 'version']);
        expect(stdout).toMatch(/^boxer \d+\.\d+\.\d+/);
        if (guest !== musl) continue;
        const hello = await execa('docker', ['run', ...AS_FUNCTION, '--entrypoint', '/hello', image]);
        expect(hello.stdout).toBe('musl');
      }
    },
    5 * MINUTES,
  );

  test(
    'Node.js in the image accepts the byte code of every command',
    async () => {
      const program = `const fs = require('fs'), lib = '/opt/boxer/lib/';
        const [HEAD, TAIL] = ${JSON.stringify([HEAD, TAIL])};
        for (const name of fs.readdirSync(lib + 'bytecode')) {
          const filename = lib + name.replace('.bin', '.cjs');
          const cachedData = fs.readFileSync(lib + 'bytecode/' + name);
          const source = HEAD + fs.readFileSync(filename, 'latin1') + TAIL;
          const script = new (require('vm').Script)(source, { filename, cachedData });
          console.log(name, script.cachedDataRejected);
        }`;
      const node = [
        '--entrypoint',
        '/opt/boxer/bin/node',
        await sharedRuntimeImage(),
        '--openssl-config=/dev/null',
      ];
      const { stdout } = await execa('docker', ['run', ...AS_FUNCTION, ...node, '-e', program]);
      const lines = stdout.split('\n');
      expect(lines).toContain('phantom.bin false');
      expect(lines.filter((line) => !line.endsWith(' false'))).toEqual([]);
    },
    5 * MINUTES,
  );

  test(
    "the guest's variables reach the supervisor under other names, and do nothing to its Node",
    async () => {
      await writeFile(join(directory, 'start.cjs'), PRINT_ENVIRONMENT);
      const runtime = await sharedRuntimeImage();
      const image = await imageOf(`FROM ${runtime}\nCOPY start.cjs /opt/boxer/lib/start.cjs\n`);
      const variables = {
        LD_PRELOAD: '/not/there.so',
        LD_LIBRARY_PATH: '/lib:/usr/lib',
        NODE_OPTIONS: '--require /app/tracing.js',
        GLIBC_TUNABLES: 'glibc.malloc.check=3',
        OPENSSL_CONF: '/not/there.cnf',
        AWS_ENDPOINT_URL: 'http://localstack:4566',
        PLAIN: 'as ever',
      };
      const options = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
      const { stdout, stderr } = await execa('docker', ['run', ...AS_FUNCTION, ...options, image]);
      expect(stderr).toBe('');
      const seen: Record<string, string> = JSON.parse(stdout);
      expect(ownEnvironment(seen)).toMatchObject(variables);
      expect(
        Object.keys(seen)
          .filter((name) => !name.startsWith('BOXER'))
          .sort(),
      ).toEqual(['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'HOME']);
    },
    5 * MINUTES,
  );
});
