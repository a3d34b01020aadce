import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Home, makeHome } from '../testing/home.ts';
import { makeProject } from '../testing/project.ts';

let home: Home;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

/**
 * Runs `docker boxer up -d` on a service `web` with these lines; it must be refused before anything is made.
 */
function refused(lines: string, words = ['up', '-d'], env: NodeJS.ProcessEnv = {}): string {
  const head = 'services:\n  web:\n    image: debian:bookworm-slim\n    x-boxer: lambda\n';
  const text = lines.startsWith('services') ? lines : head + lines.replace(/^/gm, '    ');
  const project = makeProject({ ...home, env: { ...home.env, ...env } }, `${text}\n`);
  try {
    const { code, stdout, stderr } = project.boxer(...words);
    expect({ code, stdout, folder: project.has(project.state()) }).toEqual({
      code: 1,
      stdout: '',
      folder: false,
    });
    return stderr;
  } finally {
    project.remove();
  }
}

test.each([
  ['volumes: ["data:/data"]\nvolumes: {data: {}}', 'volumes.0: the volume data at /data stays on the host'],
  ['volumes: ["/anon"]', 'volumes.0: the anonymous volume at /anon stays on the host'],
  ['volumes: ["./x:/x"]', 'volumes.0: the writable bind mount at /x cannot be shared'],
  ['volumes: ["./x:/x:ro", "./y:/y"]', 'volumes.1: the writable bind mount at /y cannot be shared'],
  ['privileged: true', 'privileged: not possible in a function'],
  ['network_mode: host', 'network_mode: not possible in a function'],
  ['pid: host', 'pid: not possible in a function'],
  ['cap_add: [NET_ADMIN]', 'cap_add: not possible in a function'],
  ['extra_hosts: ["a:1.2.3.4"]', "extra_hosts: not possible in a function: a function's /etc/hosts"],
  ['dns: 1.1.1.1', 'dns: not possible in a function'],
])('up refuses a function with %j, and names the line', (lines, said) => {
  const [own = '', top = ''] = lines.split(/\n(?=volumes)/);
  const text = top === '' ? own : `services:\n  web:\n    image: x\n    x-boxer: lambda\n    ${own}\n${top}`;
  const stderr = refused(text);
  expect(stderr).toContain(`compose.yaml:5: service "web": ${said}`);
  expect(stderr.trim().split('\n').length).toBe(2);
});

test('up reports all problems at once, each with its line and a hint', () => {
  const stderr = refused(
    'services:\n  a:\n    image: x\n    x-boxer: {memroy: 5}\n  boxer-seed:\n    image: x\nx-boxer:\n  provider: azure',
  );
  expect(stderr).toContain('3 problems');
  expect(stderr).toContain(
    'compose.yaml:4: service "a": x-boxer.memroy: unknown key\n    Did you mean memory?',
  );
  expect(stderr).toContain('compose.yaml:8: x-boxer.provider: must be local or aws, and is "azure"');
  expect(stderr).toContain('compose.yaml:5: service "boxer-seed": the name is taken by Boxer');
});

test('the refusal of a writable bind mount suggests a read-only one', () => {
  expect(refused('volumes: ["./x:/x"]')).toContain('Append `:ro` where the files are only read');
});

test('up refuses a service that shares a namespace or volumes with a boxed container', () => {
  const boxed = '  api:\n    image: x\n    x-boxer: lambda\n';
  const stderr = refused(
    `services:\n${boxed}  db:\n    image: x\n    volumes_from:\n      - api:ro\n    pid: service:api`,
  );
  expect(stderr).toContain('compose.yaml:8: service "db": volumes_from.0: api:ro is a container of Boxer');
  expect(stderr).toContain('compose.yaml:9: service "db": pid: service:api is boxed');
});

test('up refuses an environment that is too large for an invocation', () => {
  const stderr = refused(`environment:\n  BIG: ${'x'.repeat(10 * 2 ** 20)}`);
  expect(stderr).toMatch(/environment: environment and command take 10\.0 MB, .* at most 6\.0 MB/);
});

test('up names what is missing: an image, the engine, or a valid model', () => {
  expect(
    refused('services:\n  web:\n    image: boxer-test/none:1\n    pull_policy: never\n    x-boxer: lambda'),
  ).toMatch(/compose\.yaml:3: service "web": image: the image boxer-test\/none:1 is not in this engine/);
  expect(refused('', ['up', '-d'], { DOCKER_HOST: 'unix:///nowhere.sock' })).toContain(
    'Cannot connect to the Docker daemon',
  );
  expect(refused('services:\n  web: [x-boxer]')).toContain('services.web');
});

test('a project without x-boxer is left to Compose', () => {
  const project = makeProject(home, 'services:\n  web:\n    image: debian:bookworm-slim\n');
  try {
    expect(project.boxer('config').stdout).toBe(project.docker('compose', 'config').stdout);
    expect(project.has(project.state())).toBe(false);
  } finally {
    project.remove();
  }
});
