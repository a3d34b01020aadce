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

/** What the doctor says of one check. */
const row = (table: string, check: string) =>
  table
    .split('\n')
    .find((line) => line.includes(check))
    ?.split(/\s{2,}/)
    .slice(0, 1)[0];

test('an engine of this machine can do all that Boxer needs of it', () => {
  const { stdout } = project.boxer('doctor');
  for (const check of ['files of this machine', 'docker.sock', "local Lambda's rights"]) {
    expect([check, row(stdout, check)]).toEqual([check, 'ok']);
  }
});

test("an engine that does not see this machine's files is told of", async () => {
  // As from another host: what is mounted here is here alone.
  const script = 'mount -t tmpfs tmpfs "$0" && cd "$0" && TMPDIR=$0 exec docker boxer doctor';
  const { stdout, exitCode } = await execa('unshare', ['--mount', 'sh', '-c', script, project.directory], {
    reject: false,
  });
  expect(row(stdout, 'files of this machine')).toBe('FAIL');
  expect(stdout).toContain('Run docker boxer on the host of the engine, or share the folder.');
  expect(row(stdout, 'docker.sock')).toBe('ok');
  expect(exitCode).toBe(1);
});

test('an engine that is reached elsewhere, and is not rootless, has its socket at the usual place', async () => {
  const { signal } = new AbortController();
  const engine = { flags: [], context: undefined, signal };
  const env = { ...process.env, DOCKER_HOST: `unix:///var/run/../run/docker.sock` };
  expect(await engineSocket({ ...engine, env })).toBe(USUAL_SOCKET);
  expect(await engineSocket({ ...engine, env: process.env })).toBe(USUAL_SOCKET);
});
