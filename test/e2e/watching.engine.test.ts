import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, type Project, run } from '../lib/project.ts';

let project: Project;
const stop = new AbortController();

beforeAll(async () => {
  await buildTestImages();
  project = createProject({
    'compose.yaml': `
services:
  box:
    image: boxer-test/tools:1
    command: ["sleep", "600"]
    stop_signal: SIGKILL
    x-boxer: container
`,
  });
  const { exitCode, all } = await project.boxer('up', '-d');
  expect([exitCode, all]).toEqual([0, expect.anything()]);
}, 300_000);
afterAll(async () => {
  stop.abort();
  await project.remove();
}, 300_000);

/** Reads lines until one satisfies `wanted`. */
async function lineWith(lines: AsyncGenerator<string>, wanted: (line: string) => boolean): Promise<string> {
  for (;;) {
    const { done, value } = await lines.next();
    if (done) throw new Error('the output ended before the wanted line');
    if (wanted(value)) return value;
  }
}

test('events shows nodes coming and going, also after the seed has restarted', async () => {
  const lines = project.lines(['events', '--json'], stop.signal);
  const node = (action: string, id: string) => (line: string) => {
    const event = JSON.parse(line);
    return event.type === 'node' && event.action === action && event.id === id;
  };
  const first = await lineWith(lines, node('up', 'node-1'));
  expect(JSON.parse(first)).toMatchObject({ service: 'box', attributes: { role: 'container' } });
  await project.boxer('scale', 'box=2');
  await lineWith(lines, node('up', 'node-2'));
  await project.boxer('scale', 'box=1');
  await lineWith(lines, node('left', 'node-2'));
  await project.compose('-f', 'compose.yaml', '-f', project.state('override.yaml'), 'restart', 'boxer-seed');
  await lineWith(lines, node('up', 'node-1'));
}, 300_000);

test('ps --watch prints the list again when it has changed', async () => {
  const lines = project.lines(['ps', '--watch', '--format', 'json'], stop.signal);
  const isUp = (name: string) => (line: string) => {
    const replica = JSON.parse(line);
    return replica.name.endsWith(name) && replica.node !== null && replica.status === 'running';
  };
  await lineWith(lines, isUp('box-1'));
  await project.boxer('scale', 'box=2');
  await lineWith(lines, isUp('box-2'));
}, 300_000);

test('a paused node counts as left, and comes back with its old attributes when it is unpaused', async () => {
  const lines = project.lines(['events', '--json'], stop.signal);
  const node = (action: string) => (line: string) => {
    const event = JSON.parse(line);
    return event.type === 'node' && event.action === action && event.id === 'node-1';
  };
  const box = `${project.name}-box-1`;
  const up = JSON.parse(await lineWith(lines, node('up')));
  await run('docker', ['pause', box]);
  try {
    await lineWith(lines, node('left'));
  } finally {
    await run('docker', ['unpause', box]);
  }
  const back = JSON.parse(await lineWith(lines, node('up')));
  expect(back.attributes).toMatchObject(up.attributes);
}, 300_000);
