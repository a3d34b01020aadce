import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Home, makeHome } from '../testing/home.ts';
import { makeProject, type TestProject } from '../testing/project.ts';

const compose = (memory: number) => `
services:
  plain:
    image: debian:bookworm-slim
    command: sleep 600
    stop_signal: SIGKILL
  worker:
    build: .
    environment: {GREETING: "hi$$there"}
    stop_signal: SIGKILL
    x-boxer: {memory: ${memory}}
  boxed:
    image: debian:bookworm-slim
    command: [sleep, "600"]
    stop_signal: SIGKILL
    x-boxer: container
`;
const dockerfile = `FROM debian:bookworm-slim
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo $GREETING; exec sleep 600"]
`;

let home: Home;
let project: TestProject;
beforeAll(async () => {
  home = await makeHome();
  project = makeProject(home, { 'compose.yaml': compose(512), Dockerfile: dockerfile });
});
afterAll(() => {
  project.docker('rm', '-f', `${project.name}-leftover`);
  project.remove(`${project.name}-worker`);
  home.remove();
});

const id = (service: string) => project.docker('compose', 'ps', '-q', service).stdout.trim();
const rows = () =>
  project
    .boxer('ps', '--format', 'json')
    .stdout.trim()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

test('config without an image prints the rewritten model and names what is still unknown', () => {
  const { code, stdout, stderr } = project.boxer('config');
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /service "worker": its image is not in this engine: ENTRYPOINT, CMD and .* placeholders/,
  );
  expect(stdout).toMatch(/^ {2}boxer-seed:/m);
  expect(stdout).toContain('ENTRYPOINT-OF-THE-IMAGE');
  expect(stdout.match(/phantom/g)).toHaveLength(1);
  expect(project.has(project.state())).toBe(false);
});

test('link without an image fails and names the service and the image', () => {
  const { code, stderr } = project.boxer('link');
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /compose\.yaml:8: service "worker": build: the image .*-worker is not in this engine/,
  );
  expect(project.has(project.state())).toBe(false);
});

test('up builds, makes the twin and starts everything', () => {
  expect(project.boxer('up', '-d')).toMatchObject({ code: 0 });
  const services = rows().map(({ service, target, status }) => `${service} ${target} ${status}`);
  expect(services).toEqual(['boxed container running', 'plain - running', 'worker lambda running']);
  const twins = project.docker(
    'image',
    'ls',
    '-q',
    '--filter',
    `label=io.boxer.twin.project=${project.name}`,
  );
  expect(twins.stdout.trim().split('\n')).toHaveLength(1);
  expect(project.docker('compose', 'logs', 'worker').stdout).toContain('hi$there');
});

test('no key is in the override, on a command line or in a label', () => {
  const inspected =
    project.docker('inspect', id('worker'), id('boxed')).stdout +
    project.read(project.state('override.yaml'));
  for (const file of ['key', 'keys/worker', 'keys/boxed']) {
    expect(inspected).not.toContain(project.read(project.state(file)));
  }
  expect(project.read(project.state('override.yaml'))).not.toContain(project.directory);
});

test('a second up changes nothing, and a changed annotation recreates its service alone', () => {
  const [worker, boxed] = [id('worker'), id('boxed')];
  expect(project.boxer('up', '-d').code).toBe(0);
  expect([id('worker'), id('boxed')]).toEqual([worker, boxed]);
  project.write('compose.yaml', compose(1024));
  expect(project.boxer('up', '-d').code).toBe(0);
  expect(id('worker')).not.toBe(worker);
  expect(id('boxed')).toBe(boxed);
});

test('ps shows the nodes that the seed knows, and says so where it does not answer', () => {
  const silent = project.boxer('ps');
  expect(silent.stderr).toContain('the seed does not answer');
  const node = {
    ...{ id: 7, role: 'function', service: 'worker', state: 'up', names: ['worker'], address: '198.18.0.7' },
    ...{ ports: [], container: id('worker').slice(0, 12), requestId: 'r-1', since: Date.now() - 65_000 },
  };
  const nodes = JSON.stringify([node]);
  const seed = project.docker('ps', '-q', '--filter', `name=${project.name}-boxer-seed`).stdout.trim();
  project.docker('exec', seed, 'sh', '-c', `echo '${nodes}' >/tmp/nodes.json`);
  const { stdout, stderr } = project.boxer('ps');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/-worker-1 +worker +lambda +node-7 +198\.18\.0\.7 +r-1 +\dm\d\ds +running/);
});

test('scale starts replicas, and other verbs see them', () => {
  expect(project.boxer('scale', 'worker=2').code).toBe(0);
  expect(rows().filter(({ service }) => service === 'worker')).toHaveLength(2);
  expect(project.boxer('logs').stdout).not.toContain('boxer-seed');
  expect(project.boxer('exec', '-T', 'plain', 'sh', '-c', 'exit 7').code).toBe(7);
  expect(project.boxer('run', '--rm', '-T', 'worker', 'echo other').stdout.trim()).toBe('other');
  const [inFunction, inContainer] = ['worker', 'plain'].map((name) =>
    project.boxer('exec', '-T', name, 'echo', 'in'),
  );
  expect(inFunction).toMatchObject({
    code: 0,
    stdout: 'in\n',
    stderr: expect.stringContaining('not the function'),
  });
  expect(inContainer).toMatchObject({ code: 0, stdout: 'in\n', stderr: '' });
  expect(project.boxer('up', '--help').stdout).toMatch(/Options of Boxer:\n +--provider string/);
});

test('a corrupt override is written again', () => {
  const good = project.read(project.state('override.yaml'));
  project.write(project.state('override.yaml'), '{{{ nonsense');
  expect(project.boxer('ps', '--all').code).toBe(0);
  expect(project.boxer('up', '-d').code).toBe(0);
  expect(project.read(project.state('override.yaml'))).toBe(good);
});

test('after link, plain docker compose keeps services rewritten', () => {
  project.write('.env', 'MINE=1');
  expect(project.boxer('link').code).toBe(0);
  const worker = id('worker');
  expect(project.docker('compose', 'up', '-d').code).toBe(0);
  expect(id('worker')).toBe(worker);
  expect(project.boxer('unlink').code).toBe(0);
  expect(project.read('.env')).toBe('MINE=1');
});

test('down works on a broken project, and removes leftover functions', () => {
  const label = `lambda-local.instance=${project.name}`;
  const network = `${project.name}_boxer`;
  const leftover = ['--name', `${project.name}-leftover`, '--label', label, '--network', network];
  project.docker('run', '-d', ...leftover, 'debian:bookworm-slim', 'sleep', '600');
  project.write('compose.yaml', 'services: [broken');
  const { code, stderr } = project.boxer('down', '--timeout', '1', '--rmi', 'local');
  expect(stderr).toContain('cannot be read');
  expect(code).toBe(0);
  const filter = ['--filter', `label=com.docker.compose.project=${project.name}`];
  expect(project.docker('ps', '-aq', ...filter).stdout).toBe('');
  expect(project.docker('network', 'ls', '-q', ...filter).stdout).toBe('');
  expect(project.docker('ps', '-aq', '--filter', `label=${label}`).stdout).toBe('');
  const twins = project.docker(
    'image',
    'ls',
    '-q',
    '--filter',
    `label=io.boxer.twin.project=${project.name}`,
  );
  expect(twins.stdout).toBe('');
});
