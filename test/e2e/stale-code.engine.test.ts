import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project } from '../lib/project.ts';

// Whatever replaces the image of a service, a function runs the code of the container that stands for it.
// docs/rewrite.md has the table.

let project: Project;
const compose = `
services:
  api:
    build: .
    stop_signal: SIGKILL
    x-boxer: lambda
    develop:
      watch:
        - { path: ., action: rebuild, ignore: [synced] }
        - { path: synced, action: sync, target: /synced }
`;
const dockerfile = (command: string) =>
  `FROM boxer-test/tools:1\nCOPY version /version\nCOPY synced /synced\nCMD ["sh", "-c", "${command}"]\n`;
const serve = 'cat /version /synced; exec sleep 600';

beforeAll(async () => {
  await buildTestImages();
  project = createProject({
    'compose.yaml': compose,
    Dockerfile: dockerfile(serve),
    version: 'v1\n',
    synced: '',
  });
  expect(await project.boxer('up', '-d')).toMatchObject({ exitCode: 0 });
  expect(await project.boxer('link')).toMatchObject({ exitCode: 0 });
}, 300_000);
afterAll(() => project.remove(), 60_000);

/** Changes the content of the image, so that the next build makes another image. */
const edit = (version: string) => project.write('version', `${version}\n`);

/** The versions that the replicas have printed since they were created. */
async function printed(): Promise<string[]> {
  const { stdout } = await project.compose('logs', '--no-log-prefix', 'api');
  return stdout.split('\n').filter((line) => /^v\d+$/.test(line));
}

/** Waits until the replicas have printed exactly these versions. */
const untilPrinted = (...versions: string[]) =>
  eventually(
    `the functions print ${versions}`,
    async () => (String(await printed()) === String(versions) ? true : undefined),
    200,
  );
const plainCompose = async (...words: string[]) =>
  expect(await project.compose(...words)).toMatchObject({ exitCode: 0 });

test('plain docker compose up --build: functions run the new image', async () => {
  await untilPrinted('v1');
  edit('v2');
  await plainCompose('up', '-d', '--build');
  await untilPrinted('v2');
}, 180_000);

test('build and restart change no code; run, up, scale and create with start run the new image', async () => {
  edit('v3');
  await plainCompose('build');
  await plainCompose('restart', 'api');
  // A restarted container keeps its image, as it does without Boxer.
  await untilPrinted('v2', 'v2');
  const once = await project.compose('run', '--rm', '-T', '--no-deps', 'api', 'cat', '/version');
  expect(once.stdout).toBe('v3');
  await plainCompose('up', '-d');
  await untilPrinted('v3');
  await plainCompose('up', '-d', '--scale', 'api=2');
  await untilPrinted('v3', 'v3');
  await plainCompose('up', '-d', '--scale', 'api=1');
  edit('v4');
  await plainCompose('create', '--build');
  await plainCompose('start');
  await untilPrinted('v4');
}, 300_000);

test('docker boxer up then uses the twin that plain Compose has made, and changes no code', async () => {
  expect(await project.boxer('up', '-d')).toMatchObject({ exitCode: 0 });
  await untilPrinted('v4');
});

test('watch: functions run the new code after a rebuild, and sync rebuilds the image too', async () => {
  const stop = new AbortController();
  const watching = project.lines(['watch', '--no-up'], stop.signal);
  try {
    // Compose does not see files that are written before it reports that watch is enabled.
    for (let line = await watching.next(); !line.done; line = await watching.next())
      if (line.value.includes('Watch enabled')) break;
    edit('v5');
    await untilPrinted('v5');
    project.write('synced', 'v6\n');
    await untilPrinted('v5', 'v6');
  } finally {
    stop.abort();
    for await (const _ of watching);
  }
}, 480_000);

test('a container refuses an image whose CMD has changed, and its log names the command to run', async () => {
  project.write('Dockerfile', dockerfile(`echo changed; ${serve}`));
  await plainCompose('up', '-d', '--build');
  const log = await eventually('the container says why it ended', async () => {
    const { all } = await project.compose('logs', '--no-log-prefix', 'api');
    return all.includes('docker boxer up') ? all : undefined;
  });
  expect(log).toContain('the image of service api has another CMD than when it was boxed');
  expect(log).not.toMatch(/^v5$/m);
  expect((await project.compose('ps', '-a', '--format', '{{.State}}', 'api')).stdout).toBe('exited');
  expect(await project.boxer('up', '-d')).toMatchObject({ exitCode: 0 });
  await untilPrinted('v5', 'v6');
  expect((await project.compose('logs', '--no-log-prefix', 'api')).stdout).toContain('changed');
}, 180_000);
