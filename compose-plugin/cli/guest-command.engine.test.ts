import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Home, makeHome } from '../testing/home.ts';
import { makeProject, type TestProject } from '../testing/project.ts';

// Each service must run the same command boxed and unboxed; the application prints its command line.
const services = {
  image: '',
  command: 'command: [a, "b c", "$$D"]',
  'shell-command': "command: a 'b c' $$D",
  'empty-command': 'command: []',
  entrypoint: 'entrypoint: [/show, e]',
  both: 'entrypoint: /show e\n    command: c',
  'empty-entrypoint': 'entrypoint: []\n    command: [/show, x]',
};

let home: Home;
let project: TestProject;
beforeAll(async () => {
  home = await makeHome();
  const compose = Object.entries(services).map(
    ([name, lines]) => `  ${name}:\n    image: boxer-test/show:1\n    x-boxer: container\n    ${lines}\n`,
  );
  project = makeProject(home, {
    'compose.yaml': `services:\n  builder:\n    image: boxer-test/show:1\n    build: .\n${compose.join('')}`,
    Dockerfile:
      'FROM debian:bookworm-slim\nCOPY --chmod=755 show /show\nENTRYPOINT ["/show", "i"]\nCMD ["cmd", "$X"]\n',
    show: `#!/bin/sh\nprintf '<%s>' "$@"; echo\n`,
  });
  expect(project.docker('compose', 'build', '-q', 'builder').code).toBe(0);
});
afterAll(() => {
  project.remove('boxer-test/show:1');
  home.remove();
});

/** The output of each service after this command. */
function printed(...up: string[]): Record<string, string> {
  expect(project.docker(...up, 'up', '-d', '--no-build', ...Object.keys(services))).toMatchObject({
    code: 0,
  });
  project.docker(
    'wait',
    ...project
      .docker('compose', 'ps', '-aq', ...Object.keys(services))
      .stdout.trim()
      .split('\n'),
  );
  const all = Object.keys(services).map((name) => {
    const { stdout } = project.docker('compose', 'logs', '--no-log-prefix', name);
    return [name, stdout.trim()];
  });
  expect(project.docker(...up, 'down', '--timeout', '1').code).toBe(0);
  return Object.fromEntries(all);
}

test('a boxed application gets the same command line as an unboxed one', () => {
  const plain = printed('compose');
  expect(plain).toMatchObject({ image: '<i><cmd><$X>', 'empty-entrypoint': '<x>' });
  expect(printed('boxer')).toEqual(plain);
});

test("down --rmi all keeps Boxer's images, which other projects use", () => {
  // Every service runs an image of this test, because --rmi all removes the images of all services.
  expect(project.boxer('up', '-d', '--no-build').code).toBe(0);
  const { code, stderr } = project.boxer('down', '--timeout', '1', '--rmi', 'all');
  expect({ code, skeleton: stderr.includes('skeleton') }).toEqual({ code: 0, skeleton: false });
  const kept = (image: string) => project.docker('image', 'inspect', image).code === 0;
  expect([kept('boxer-test/show:1'), kept(home.images.runtime)]).toEqual([false, true]);
});
