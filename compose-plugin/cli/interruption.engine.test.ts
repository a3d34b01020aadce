import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Home, makeHome } from '../testing/home.ts';
import { makeProject, type TestProject } from '../testing/project.ts';

let home: Home;
let project: TestProject;
beforeAll(async () => {
  home = await makeHome();
});
afterEach(() => project.remove());
afterAll(() => home.remove());

const lambda =
  'image: debian:bookworm-slim\n    stop_signal: SIGKILL\n    command: sleep 600\n    x-boxer: lambda\n';

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('that did not happen within 60 s');
}

/** Sends docker a signal, as a user or a service manager would. docker tells the plugin through a socket. */
async function interrupt(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const closed = once(child, 'close');
  child.kill(signal);
  const [code] = await closed;
  return typeof code === 'number' ? code : null;
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'a first up that %s interrupts while it builds leaves nothing that hinders the next up',
  async (signal) => {
    project = makeProject(home, {
      'compose.yaml': `services:\n  web:\n    build: .\n    x-boxer: lambda\n`,
      Dockerfile: `FROM debian:bookworm-slim\nRUN : ${Date.now()} && sleep 60\n`,
    });
    const child = project.start('boxer', 'up', '-d');
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    await until(() => said.includes('RUN'));
    expect(await interrupt(child, signal)).not.toBe(0);
    expect(
      project.docker('ps', '-aq', '--filter', `label=com.docker.compose.project=${project.name}`).stdout,
    ).toBe('');
    project.write('compose.yaml', `services:\n  web:\n    ${lambda}`);
    expect(project.boxer('up', '-d').code).toBe(0);
    expect(project.boxer('down', '--timeout', '1').code).toBe(0);
  },
);

test('during an attached up a second up is refused, other verbs work, and Ctrl+C stops everything', async () => {
  project = makeProject(home, `services:\n  web:\n    ${lambda}`);
  const child = project.start('boxer', 'up');
  child.stdout?.resume();
  child.stderr?.resume();
  const running = () =>
    project.boxer('ps', '--format', 'json').stdout.trim().split('\n').filter(Boolean).length;
  await until(() => running() === 1);
  const second = project.boxer('up', '-d');
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/`docker boxer up` \(process \d+\) is at work in this project/);
  expect(project.boxer('scale', 'web=2').code).toBe(0);
  expect(running()).toBe(2);
  await interrupt(child, 'SIGINT');
  expect(running()).toBe(0);
  expect(project.has(project.state('up.lock'))).toBe(false);
});
