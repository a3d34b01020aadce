import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createProject, type Project } from '../lib/project.ts';

/** The Dockerfile lines of each service. Together they use every instruction that configures an image. */
const dockerfiles = {
  volumes: [
    'RUN mkdir -p /data/sub /opt/tool',
    'RUN echo outer >/data/file && echo inner >/data/sub/file && echo tool >/opt/tool/x',
    'RUN install -d -o 993 -m 700 /data/own && mkdir -m 1777 /data/all',
    'VOLUME ["/data/sub", "/data", "/srv/", "/tmp/cache", "/opt", "/var/lib/app"]',
  ],
  user: ['RUN useradd --uid 4321 app', 'USER app', 'WORKDIR /home/app', 'VOLUME /home/app'],
  shell: ['SHELL ["/bin/bash", "-ec"]', 'ENTRYPOINT echo shell $0; exit 3'],
  onbuild: ['ONBUILD RUN false', 'ONBUILD COPY . /nowhere', 'CMD ["echo", "ran"]'],
  rest: [
    'LABEL com.docker.compose.project=other com.docker.compose.service=other io.boxer.target=none',
    'STOPSIGNAL SIGUSR1',
    'EXPOSE 80 53/udp 8000-8010',
    'HEALTHCHECK --interval=1s CMD exit 1',
    'ENV COLOUR=red BOXER_REMAP=/x=/y',
    'CMD echo $COLOUR',
  ],
};

let project: Project;

beforeAll(async () => {
  const services = Object.keys(dockerfiles).map(
    (name) => `  ${name}: { build: ./${name}, tmpfs: [/data/scratch], x-boxer: lambda }`,
  );
  project = createProject({
    'compose.yaml': ['services:', ...services, ''].join('\n'),
    ...Object.fromEntries(
      Object.entries(dockerfiles).map(([name, lines]) => [
        `${name}/Dockerfile`,
        ['FROM debian:bookworm-slim', ...lines, ''].join('\n'),
      ]),
    ),
  });
  const built = await project.boxer('build');
  if (built.exitCode !== 0) throw new Error(built.all);
}, 300_000);
afterAll(() => project.remove(), 120_000);

const runService = async (service: string, ...command: string[]) => {
  const { stdout, exitCode, all } = await project.boxer('run', '--rm', '-T', service, ...command);
  return { lines: stdout.split('\n'), exitCode, all };
};

test('a VOLUME of an image has its content and modes in a function, and is writable', async () => {
  const folders =
    '/data /data/sub /data/own /data/all /data/scratch /srv /tmp/cache /opt /opt/tool /var/lib/app';
  const script = [
    'cat /data/file /data/sub/file /opt/tool/x; stat -c %a /data/own /data/all; ls /data',
    `for folder in ${folders}; do echo x >$folder/new && cat $folder/new || echo no $folder; done`,
    'cd /data && ls -d sub/new && ls -d /opt/boxer/bin/boxer && du -sm /tmp | cut -f1',
  ].join('\n');
  const { lines, exitCode, all } = await runService('volumes', 'sh', '-c', script);
  const content = ['outer', 'inner', 'tool', '700', '1777', 'all', 'file', 'own', 'scratch', 'sub'];
  const written = folders.split(' ').map(() => 'x');
  const end = ['sub/new', '/opt/boxer/bin/boxer', expect.stringMatching(/^\d$/)];
  expect({ lines, exitCode, all }).toEqual({ lines: [...content, ...written, ...end], exitCode: 0, all });
});

test('the next launch does not find what a launch has written to a VOLUME', async () => {
  await runService('volumes', 'sh', '-c', 'echo x >/data/left; echo x >/tmp/cache/left');
  const { lines } = await runService('volumes', 'sh', '-c', 'ls /data /tmp/cache | grep -c left');
  expect(lines).toEqual(['0']);
});

test('a function runs an image whatever USER, SHELL, ONBUILD, LABEL or HEALTHCHECK it has', async () => {
  expect(await runService('user', 'sh', '-c', 'id -u; pwd; touch file && ls')).toMatchObject({
    lines: ['993', '/home/app', 'file'],
    exitCode: 0,
  });
  expect(await runService('shell')).toMatchObject({ lines: ['shell /bin/bash'], exitCode: 3 });
  expect(await runService('onbuild')).toMatchObject({ lines: ['ran'], exitCode: 0 });
  expect(await runService('rest')).toMatchObject({ lines: ['red'], exitCode: 0 });
}, 240_000);
