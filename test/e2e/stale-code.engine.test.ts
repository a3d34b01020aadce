import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project } from '../lib/project.ts';

/**
 * Whatever replaces a service's image, its functions run the code of the container that stands for them.
 * docs/rewrite.md has the table.
 */

let project: Project;
const compose = `
services:
  api:
    build: .
    stop_signal: SIGKILL
    x-boxer: lambda
    develop: { watch: [{ path: ., action: rebuild, ignore: [synced] }, { path: synced, action: sync, target: /synced }] }
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

/** Writes another version; no two have the same bytes, so that each is another image. */
const edit = (version: string) => project.write('version', `${version}\n`);

/** What the replicas have printed since they were created. */
async function printed(): Promise<string[]> {
  const { stdout } = await project.compose('logs', '--no-log-prefix', 'api');
  return stdout.split('\n').filter((line) => /^v\d+$/.test(line));
}

/** Waits until every replica has said something, and that last. */
const says = (...versions: string[]) =>
  eventually(
    `the functions say ${versions}`,
    async () => (String(await printed()) === String(versions) ? true : undefined),
    200,
  );
const plainly = async (...words: string[]) =>
  expect(await project.compose(...words)).toMatchObject({ exitCode: 0 });

test('plain docker compose up --build', async () => {
  await says('v1');
  edit('v2');
  await plainly('up', '-d', '--build');
  await says('v2');
}, 180_000);

test('build alone changes nothing that runs, nor does restart; up, scale, run, and create with start take the new image', async () => {
  edit('v3');
  await plainly('build');
  await plainly('restart', 'api');
  // As natively: a container stays what it was made from.
  await says('v2', 'v2');
  const once = await project.compose('run', '--rm', '-T', '--no-deps', 'api', 'cat', '/version');
  expect(once.stdout).toBe('v3');
  await plainly('up', '-d');
  await says('v3');
  await plainly('up', '-d', '--scale', 'api=2');
  await says('v3', 'v3');
  await plainly('up', '-d', '--scale', 'api=1');
  edit('v4');
  await plainly('create', '--build');
  await plainly('start');
  await says('v4');
}, 300_000);

test('docker boxer up after all that finds the twin that was made, and changes no code', async () => {
  expect(await project.boxer('up', '-d')).toMatchObject({ exitCode: 0 });
  await says('v4');
});

test('watch: rebuild, and sync, which is another rebuild', async () => {
  const stop = new AbortController();
  const watching = project.lines(['watch', '--no-up'], stop.signal);
  try {
    // It says so when it watches; what is written before is not seen.
    for (let line = await watching.next(); !line.done; line = await watching.next())
      if (line.value.includes('Watch enabled')) break;
    edit('v5');
    await says('v5');
    project.write('synced', 'v6\n');
    await says('v5', 'v6');
  } finally {
    stop.abort();
    for await (const _ of watching);
  }
}, 480_000);

test('an image with another CMD is not started with the old one: the log says what to run', async () => {
  project.write('Dockerfile', dockerfile(`echo changed; ${serve}`));
  await plainly('up', '-d', '--build');
  const log = await eventually('the container says why it ended', async () => {
    const { all } = await project.compose('logs', '--no-log-prefix', 'api');
    return all.includes('docker boxer up') ? all : undefined;
  });
  expect(log).toContain('the image of service api has another CMD than when it was boxed');
  expect(log).not.toMatch(/^v5$/m);
  expect((await project.compose('ps', '-a', '--format', '{{.State}}', 'api')).stdout).toBe('exited');
  expect(await project.boxer('up', '-d')).toMatchObject({ exitCode: 0 });
  await says('v5', 'v6');
  expect((await project.compose('logs', '--no-log-prefix', 'api')).stdout).toContain('changed');
}, 180_000);
