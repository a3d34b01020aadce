import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { USUAL_SOCKET } from '../../engine/endpoint.ts';
import { engineSocket } from '../../engine/socket.ts';
import { builtHome } from '../../testing/home.ts';
import { makeProject, type TestProject } from '../../testing/project.ts';

let project: TestProject;

beforeAll(() => {
  project = makeProject(
    builtHome(),
    'services: { web: { image: "debian:bookworm-slim", x-boxer: lambda } }\n',
  );
});
afterAll(() => project.remove());

/** The doctor's result for one check. */
const row = (table: string, check: string) =>
  table
    .split('\n')
    .find((line) => line.includes(check))
    ?.split(/\s{2,}/)
    .slice(0, 1)[0];

test('every ability check passes on the engine of this machine', () => {
  const { stdout } = project.boxer('doctor');
  for (const check of ['files of this machine', 'docker.sock', "local Lambda's rights"]) {
    expect([check, row(stdout, check)]).toEqual([check, 'ok']);
  }
});

test("the doctor reports an engine that does not see this machine's files", async () => {
  // This mount exists only in the test's container, as if the engine were on another host.
  const script = 'mount -t tmpfs tmpfs "$0" && cd "$0" && TMPDIR=$0 exec docker boxer doctor';
  const { stdout, exitCode } = await execa('unshare', ['--mount', 'sh', '-c', script, project.directory], {
    reject: false,
  });
  expect(row(stdout, 'files of this machine')).toBe('FAIL');
  expect(stdout).toContain('Run docker boxer on the host of the engine, or share the folder.');
  expect(row(stdout, 'docker.sock')).toBe('ok');
  expect(exitCode).toBe(1);
});

test('a rootful engine that is reached by another endpoint has its socket at the usual path', async () => {
  const { signal } = new AbortController();
  const engine = { flags: [], context: undefined, signal };
  const env = { ...process.env, DOCKER_HOST: `unix:///var/run/../run/docker.sock` };
  expect(await engineSocket({ ...engine, env })).toBe(USUAL_SOCKET);
  expect(await engineSocket({ ...engine, env: process.env })).toBe(USUAL_SOCKET);
});
