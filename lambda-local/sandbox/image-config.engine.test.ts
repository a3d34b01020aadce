import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { buildImagesOf } from '../testing/image-of.ts';
import { startTestLambda, type TestLambda } from '../testing/test-lambda.ts';

let lambda: TestLambda;
/** The lines of each image's Dockerfile, by the name of the image. */
const dockerfiles = new Map<string, readonly string[]>();
const tagOf = (name: string) => `${lambda.instance}/${name}`;

beforeAll(async () => {
  lambda = await startTestLambda({ LAMBDA_LOCAL_PREPARED: '0' });
  await buildImagesOf(new Map([...dockerfiles].map(([name, lines]) => [tagOf(name), lines])));
});
afterAll(async () => {
  await lambda.remove();
  await execa('docker', ['image', 'rm', '--force', ...[...dockerfiles.keys()].map(tagOf)]);
});

/** Plans an image for each case: all of them are built at once. */
function withImages<T extends readonly [name: string, lines: string[], ...unknown[]]>(
  prefix: string,
  cases: T[],
): T[] {
  for (const [name, lines] of cases) dockerfiles.set(`${prefix}${name}`, lines);
  return cases;
}

/** The output of a shell command in a function whose image was planned under this name. */
async function shellIn(name: string, script: string): Promise<string> {
  await lambda.create(name, { Code: { ImageUri: tagOf(name) } });
  return lambda.shell(name, script);
}

const ENTRYPOINT = '/usr/local/bin/node /function.mjs';
const READ_ONLY = expect.stringMatching(/Read-only file system/);

/** The lines of a Dockerfile, a script that runs in its image as a function, and what it prints. */
type Case = [name: string, lines: string[], script: string, expected: unknown];

const WITH_VOLUMES: Case[] = [
  ['empty', ['VOLUME /data'], 'ls -A /data; touch /data/x', READ_ONLY],
  [
    'content-and-modes',
    ['RUN mkdir -m 1777 /data && echo hi >/data/file && mkdir -m 750 /data/own', 'VOLUME /data'],
    'stat -c %a /data /data/own; cat /data/file; touch /data/x',
    expect.stringMatching(/^1777\n750\nhi\n.*Read-only file system/),
  ],
  [
    'several-and-nested',
    [
      'RUN mkdir -p /data/sub && echo deep >/data/sub/file',
      'VOLUME ["/data", "/data/sub", "/data/new", "/srv/"]',
    ],
    'cat /data/sub/file; ls -A /srv; touch /data/sub/x; ls /data/new',
    expect.stringMatching(/^deep\n.*Read-only file system\n.*No such file/),
  ],
  ['spelled-twice', ['VOLUME ["/data", "/data/", "/srv/../data"]'], 'touch /data/x', READ_ONLY],
  ['odd-name', [`VOLUME ["/o\\\\'d d"]`], `touch "/o'd d/x"`, READ_ONLY],
  ['linked', ['RUN ln -s /srv /link && echo led >/srv/file', 'VOLUME /link'], 'cat /link/file', 'led\n'],
  // The gate's program is below /var.
  [
    'var',
    ['VOLUME ["/var", "/srv", "/opt"]'],
    'ls -d /var/lib; touch /var/x 2>&1',
    expect.stringMatching(/^\/var\/lib\n.*Read-only/),
  ],
  ['gate', ['VOLUME /var/rapid'], 'ls /var/rapid', 'busybox\n'],
  [
    'task',
    ['COPY --from=debian:bookworm-slim /etc/debian_version /var/task/x', 'VOLUME /var/task'],
    'ls /var/task',
    'x\n',
  ],
  [
    'etc',
    ['RUN echo yes >/etc/mark', 'VOLUME ["/etc", "/etc/deep"]'],
    'cat /etc/mark; grep -c 169.254.100.1 /etc/resolv.conf; touch /etc/x',
    expect.stringMatching(/^yes\n1\n.*Read-only file system/),
  ],
  // Lambda mounts /tmp itself.
  ['tmp', ['RUN echo no >/tmp/file', 'VOLUME /tmp'], 'ls -A /tmp; touch /tmp/x && ls -A /tmp', 'x\n'],
  [
    'below-tmp',
    ['RUN mkdir -p /tmp/a/b && echo no >/tmp/a/b/file', 'VOLUME ["/tmp/a", "/tmp/a/b", "/tmp/a/c"]'],
    'ls -A /tmp; mkdir -p /tmp/a/b && echo writable',
    'writable\n',
  ],
];

describe('an image with VOLUMEs runs as on Lambda, which ignores them', () => {
  const volumes =
    'grep -c " / .*ro," /proc/mounts; grep -v -e " /proc" -e " /sys" -e " /dev" /proc/mounts | cut -d" " -f2';

  test.each(withImages('volume-', WITH_VOLUMES))('%s: %j', async (name, _lines, script, expected) => {
    expect(await shellIn(`volume-${name}`, script)).toEqual(expected);
  });

  withImages('volume-', [['mounts', ['VOLUME ["/data", "/var", "/tmp/a"]']]]);

  test('and the function sees no mount for them, and the Engine keeps no volume', async () => {
    expect(await shellIn('volume-mounts', volumes)).toBe(
      '1\n/\n/tmp\n/etc/resolv.conf\n/etc/hostname\n/etc/hosts\n',
    );
    const { stdout } = await execa('docker', ['volume', 'ls', '--quiet', '--filter', 'dangling=true']);
    expect(stdout).not.toContain(lambda.instance);
  });
});

describe('an image runs with any other setting in its configuration', () => {
  test.each(
    withImages('', [
      ['user', ['USER nobody-of-that-name'], 'id -u', '993\n'],
      ['user-group', ['USER 12:nogroup'], 'id -g', '990\n'],
      ['entrypoint-shell', [`ENTRYPOINT exec ${ENTRYPOINT}`], 'echo ran', 'ran\n'],
      ['command-only', ['ENTRYPOINT []', `CMD ${ENTRYPOINT}`], 'echo ran', 'ran\n'],
      ['command-empty', ['CMD []'], 'echo ran', 'ran\n'],
      ['shell', ['SHELL ["/bin/bash", "-ec"]', `ENTRYPOINT exec ${ENTRYPOINT}`], 'echo ran', 'ran\n'],
      ['workdir', ['WORKDIR /made/by/it'], 'pwd', '/made/by/it\n'],
      ['environment', ['ENV COLOUR=red AWS_REGION=elsewhere'], 'echo $COLOUR $AWS_REGION', 'red us-east-1\n'],
      ['stopsignal', ['STOPSIGNAL SIGUSR1'], 'echo ran', 'ran\n'],
      ['healthcheck', ['HEALTHCHECK --interval=1s CMD exit 1'], 'echo ran', 'ran\n'],
      ['expose', ['EXPOSE 80 443/tcp 53/udp 8000-8010'], 'echo ran', 'ran\n'],
      ['onbuild', ['ONBUILD RUN false'], 'echo ran', 'ran\n'],
      ['label', ['LABEL lambda-local.instance=other com.docker.compose.project=other'], 'echo ran', 'ran\n'],
    ]),
  )('%s: %j', async (name, _lines, script, expected) => {
    expect(await shellIn(name, script)).toBe(expected);
  });
});
