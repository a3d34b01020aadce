import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, type Project } from '../lib/project.ts';

let project: Project;

beforeAll(async () => {
  await buildTestImages();
  project = createProject({
    'compose.yaml': `
services:
  closed:
    build: { context: ., target: closed }
    x-boxer: lambda
  keeper:
    build: { context: ., target: keeper }
    x-boxer: { target: lambda, remap: { /srv/own/cache: /tmp/cache } }
  static:
    build: { context: ., target: static }
    volumes: ["./Caddyfile:/etc/caddy/Caddyfile:ro"]
    x-boxer: lambda
  plain:
    build: { context: ., target: plain }
    x-boxer: lambda
`,
    Caddyfile: ':80\n',
    Dockerfile: `FROM boxer-test/tools:1 AS plain
CMD ["true"]
FROM plain AS closed
RUN mkdir -m 700 /app
WORKDIR /app
FROM plain AS keeper
RUN useradd --uid 1234 keeper && mkdir -p /srv/own/data /srv/own/cache /code \\
 && chown keeper /srv/own/data /srv/own/cache && install -m 600 /dev/null /code/secret.env
WORKDIR /code
USER keeper
FROM boxer-test/empty:1 AS static
`,
  });
}, 300_000);
afterAll(() => project.remove(), 120_000);

test('create names what in an image will fail in a function, and the change that mends it', async () => {
  const { exitCode, stderr } = await project.boxer('create');
  expect([exitCode, stderr]).toEqual([0, expect.anything()]);
  const remarks = stderr.split('\n').filter((line) => line.includes('docker boxer: service'));
  expect(remarks).toEqual([
    expect.stringContaining(
      '"closed": functions run as user 993, which cannot enter its working directory /app (EACCES): ' +
        '`RUN chmod',
    ),
    expect.stringMatching(
      /"keeper": functions run as user 993, which cannot read \/code\/secret.env: `RUN chmod/,
    ),
    expect.stringContaining(
      '"keeper": functions write below /tmp only, and not to /srv/own/data of its user keeper; ' +
        'where it writes there: ' +
        'x-boxer: { target: lambda, remap: { /srv/own/data: /tmp/srv/own/data } }',
    ),
    expect.stringMatching(
      new RegExp(
        '"static": \\S+ is statically linked, so in a function it does not find ' +
          '/etc/caddy/Caddyfile; x-boxer: container',
      ),
    ),
  ]);
}, 900_000);
