import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Home, makeHome } from '../testing/home.ts';
import { makeProject, type TestProject } from '../testing/project.ts';

// Keys and the override must be outside of what Compose sends: build contexts and bind mounts of the project.

let home: Home;
let project: TestProject;
const images: string[] = [];
beforeAll(async () => {
  home = await makeHome();
});
afterEach(() => project.remove(...images.splice(0)));
afterAll(() => home.remove());

const api = `
  api:
    build: .
    command: sleep 600
    stop_signal: SIGKILL
    x-boxer: lambda
    volumes: [".:/mounted:ro"]
`;
const dockerfile = 'FROM debian:bookworm-slim\nCOPY . /code\n';

/** A project whose image holds the whole project folder, because there is no .dockerignore. */
function copying(more: Readonly<Record<string, string>> = {}): TestProject {
  const made = makeProject(home, { 'compose.yaml': `services:${api}`, Dockerfile: dockerfile, ...more });
  images.push(`${made.name}-api`);
  return made;
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');
const up = (...words: string[]) =>
  expect(project.boxer('up', '-d', '--build', ...words)).toMatchObject({ code: 0 });
const imageId = () => project.docker('image', 'inspect', '-f', '{{.Id}}', `${project.name}-api`).stdout;
const containers = (name = project.name) =>
  lines(
    execFileSync('docker', ['ps', '-aq', '--filter', `label=com.docker.compose.project=${name}`], {
      encoding: 'utf8',
    }),
  ).sort();
const twins = () =>
  lines(
    project.docker('image', 'ls', '-q', '--filter', `label=io.boxer.twin.project=${project.name}`).stdout,
  );
const key = () => project.read(project.state('key'));

test('up --build of an unchanged project changes nothing, and no image and no mount holds a key', () => {
  project = copying();
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
      cwd: project.directory,
    }).toString();
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'all');
  up();
  const before = [imageId(), containers(), twins()];
  for (let run = 2; run <= 4; run += 1) {
    up();
    expect([imageId(), containers(), twins()]).toEqual(before);
  }
  expect(git('status', '--porcelain', '--ignored')).toBe('');
  const seen = project.boxer(
    'exec',
    '-T',
    'api',
    'sh',
    '-c',
    `ls -A /code /mounted; grep -rl ${key()} /code /mounted`,
  );
  expect(seen.stdout).not.toMatch(/boxer|override|key/);
  expect(lines(seen.stdout)).toContain('compose.yaml');
  // A control: the search finds a key that is in an image.
  expect(project.boxer('exec', '-T', 'api', 'grep', '-c', '.', '/run/secrets/boxer-key').stdout.trim()).toBe(
    '1',
  );
}, 180_000);

test('after link, plain docker compose up --build of an unchanged project changes nothing', () => {
  project = copying();
  up();
  expect(project.boxer('link').code).toBe(0);
  expect(project.read('.env')).toContain(project.state('override.yaml'));
  expect(project.read('.env')).not.toContain(key());
  const plain = () => expect(project.docker('compose', 'up', '-d', '--build')).toMatchObject({ code: 0 });
  // `.env` has changed, once, and the image holds it.
  up();
  const before = [imageId(), containers(), twins()];
  plain();
  up();
  plain();
  expect([imageId(), containers(), twins()]).toEqual(before);
}, 180_000);

test('up removes the folder of an earlier version from the project and stops using its key', () => {
  const old = 'ab'.repeat(32);
  project = copying({
    '.boxer/.gitignore': '*\n',
    '.boxer/key': old,
    '.boxer/keys/api': old,
    '.boxer/override.yaml': '# Written by `docker boxer`\n',
    '.boxer/aws.json': '{"region":"eu-north-1","repository":"r","bytes":1,"functions":["f"]}',
    '.env': 'COMPOSE_FILE=compose.yaml:.boxer/override.yaml\n',
  });
  const { code, stderr } = project.boxer('up', '-d');
  expect(code).toBe(0);
  expect(stderr).toContain(`keys and override are in ${project.state()} now, and there is a new key`);
  expect(stderr).toContain('run `docker boxer link` again');
  expect(project.has('.boxer')).toBe(false);
  expect(key()).not.toBe(old);
  expect(project.read(project.state('aws.json'))).toContain('eu-north-1');
});

test('a build context, a bind mount or a secret with the state folder in it is refused with its line', () => {
  project = copying();
  const inside = { ...home, env: { ...home.env, XDG_STATE_HOME: join(project.directory, 'state') } };
  const env = inside.env;
  const ran = (...words: string[]) => {
    try {
      return execFileSync('docker', words, { cwd: project.directory, env, stdio: 'pipe' }).toString();
    } catch (error) {
      return String(Reflect.get(Object(error), 'stderr'));
    }
  };
  mkdirSync(join(project.directory, 'state'));
  for (const words of [['up', '-d'], ['config'], ['link'], ['run', 'api']]) {
    const said = ran('boxer', ...words);
    expect(said).toMatch(/compose\.yaml:3: service "api": build\.context: \S+ contains the state folder/);
    expect(said).toContain('compose.yaml:7: service "api": volumes.0: ');
  }
  expect(readdirSync(join(project.directory, 'state', 'boxer'))).toEqual([]);
});

test('a moved project gets a new key, and down also removes the state of the old path', () => {
  const name = `boxer-test-moved-${process.pid}`;
  project = makeProject(
    home,
    `name: ${name}\nservices:\n  api:\n    image: debian:bookworm-slim\n    command: sleep 600\n    stop_signal: SIGKILL\n    x-boxer: container\n`,
  );
  const states = () => readdirSync(join(project.state(), '..')).filter((one) => one.startsWith(name));
  expect(project.boxer('up', '-d').code).toBe(0);
  const before = containers(name);
  const place = project.directory;
  renameSync(place, `${place}-there`);
  try {
    const there = (...words: string[]) =>
      execFileSync('docker', words, { cwd: `${place}-there`, env: home.env, stdio: 'pipe' }).toString();
    there('boxer', 'up', '-d');
    expect(containers(name)).toHaveLength(before.length);
    expect(containers(name).filter((id) => before.includes(id))).toEqual([]);
    expect(states()).toHaveLength(2);
    there('boxer', 'down', '--timeout', '1');
    expect(containers(name)).toEqual([]);
    expect(states()).toHaveLength(1);
  } finally {
    renameSync(`${place}-there`, place);
  }
});

test('down finds containers that were started with another state folder', () => {
  project = copying();
  up();
  const env = { ...home.env, XDG_STATE_HOME: join(home.root, 'elsewhere') };
  const options = { cwd: project.directory, env, stdio: 'pipe' } as const;
  expect(execFileSync('docker', ['boxer', 'ps'], options).toString()).toContain('api');
  execFileSync('docker', ['boxer', 'down', '--timeout', '1'], options);
  expect(containers()).toEqual([]);
});

test('a project on standard input is refused before anything is made', () => {
  project = copying();
  const input = project.read('compose.yaml');
  const options = { cwd: project.directory, env: home.env, input, stdio: 'pipe' } as const;
  expect(() => execFileSync('docker', ['boxer', '-f', '-', 'up', '-d'], options)).toThrow(/standard input/);
  expect(existsSync(project.state())).toBe(false);
});
