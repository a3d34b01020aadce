import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project, run } from '../lib/project.ts';
import { client, server } from './renewal-programs.ts';

/** The number of servers of `web`, one after the other, that each client meets. */
const SERVERS_TO_MEET = 4;
let project: Project;

beforeAll(buildTestImages, 300_000);
afterAll(() => project?.remove(), 60_000);

const logs = async (service: string) => (await project.compose('logs', '--no-log-prefix', service)).stdout;
const webState = async () => {
  const { stdout } = await run('docker', [
    ...['inspect', '-f', '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', `${project.name}-web-1`],
  ]);
  return stdout.trim();
};

test('no connection of an unboxed client, boxed container or function fails during renewals', async () => {
  const clientService = (name: string, more: string) => `
  ${name}:
    image: boxer-test/tools:1
    command: ["python3", "-u", "/srv/client.py", "${SERVERS_TO_MEET}"]
    volumes: ["./client.py:/srv/client.py:ro"]
    stop_signal: SIGKILL
    ${more}`;
  project = createProject({
    'server.py': server,
    'client.py': client,
    'compose.yaml': `
services:
  web:
    image: boxer-test/tools:1
    command: ["python3", "-u", "/srv/server.py"]
    volumes: ["./server.py:/srv/server.py:ro"]
    environment: { BOXER_LOG: debug }
    stop_grace_period: 8s
    x-boxer: { timeout: 40, lifetime: 38, renew: { before: 32 } }
${clientService('plain', '')}
${clientService('boxed', 'x-boxer: container')}
${clientService('function', 'x-boxer: { renew: false }')}
`,
  });
  const { exitCode, all } = await project.boxer('up', '-d');
  expect([exitCode, all]).toEqual([0, expect.anything()]);
  const listings = new Set<string>();
  const summaries = await eventually(
    `each client has met ${SERVERS_TO_MEET} servers`,
    async () => {
      const { stdout } = await project.boxer('ps', '--format', 'json', 'web');
      listings.add(stdout.split('\n').length === 1 ? 'one line' : stdout);
      const found = await Promise.all(['plain', 'boxed', 'function'].map(logs));
      const last = found.map((text) => /^\{.*\}$/m.exec(text)?.[0]);
      return last.every((line) => line !== undefined)
        ? last.map((line) => JSON.parse(line ?? ''))
        : undefined;
    },
    280,
    3_000,
  );
  for (const summary of summaries) {
    expect(summary).toMatchObject({ ids: SERVERS_TO_MEET, failures: [] });
    expect(summary['/']).toBeGreaterThan(100);
    expect(summary['/slow']).toBeGreaterThan(5);
  }
  expect([...listings]).toEqual(['one line']);
  expect(await webState()).toBe('running 0 0');

  // Every server gets SIGTERM and ends by itself, and the exit code of the last one is the container's.
  await project.compose('stop', 'web');
  expect(await webState()).toBe('exited 7 0');
  const text = await logs('web');
  const count = (start: string) => text.split('\n').filter((line) => line.startsWith(start)).length;
  expect(count('serves ')).toBeGreaterThanOrEqual(SERVERS_TO_MEET);
  expect([count('told to end '), count('has ended ')]).toEqual([count('serves '), count('serves ')]);
  expect(count('boxer: node-')).toBeGreaterThanOrEqual(3 * (SERVERS_TO_MEET - 1));
}, 400_000);

/** Each test interrupts the renewal of a service when the successor has joined and its guest is not ready. */
describe('in the middle of a renewal', () => {
  const SERVICES = ['bereft', 'stopped', 'orphaned'];

  interface Replica {
    service: string;
    status: string;
    id: string;
  }
  const replicas = async (): Promise<Replica[]> => {
    const { stdout } = await project.boxer('ps', '--all', '--format', 'json');
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  };
  const replicaOf = async (service: string) =>
    (await replicas()).find((replica) => replica.service === service);
  const renewalOf = (service: string) =>
    eventually(
      `${service} is being renewed`,
      async () => {
        const replica = await replicaOf(service);
        return replica?.status.endsWith(' standby') ? replica : undefined;
      },
      120,
    );
  const servers = async (service: string) =>
    (await logs(service)).split('\n').flatMap((line) => /^serves (.+)/.exec(line)?.[1] ?? []);
  /** The ids of the sandboxes of a service's function, oldest first. */
  const sandboxes = async (service: string) => {
    const { stdout } = await run('docker', [
      ...['ps', '--format', '{{.ID}} {{.Label "lambda-local.function"}}'],
    ]);
    const found = stdout.split('\n').map((line) => line.split(' '));
    return found
      .flatMap(([id = '', name]) => (name?.startsWith(`${project.name}-${service}-`) ? [id] : []))
      .reverse();
  };
  /** The number of guests of a service. A warm sandbox that waits for the next launch has no guest. */
  const guests = async (service: string) => {
    const tops = (await sandboxes(service)).map((id) => run('docker', ['top', id, '-eo', 'pid,args']));
    return (await Promise.all(tops)).filter(({ stdout }) => stdout.includes('python3 -u')).length;
  };
  const bothGuestsOf = (service: string) =>
    eventually(`two guests of ${service} run`, async () =>
      (await guests(service)) === 2 ? true : undefined,
    );
  const noGuestOf = (service: string) =>
    eventually(`no guest of ${service} is left`, async () =>
      (await guests(service)) === 0 ? true : undefined,
    );
  const state = async (service: string) => {
    const format = '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}';
    return (await run('docker', ['inspect', '-f', format, `${project.name}-${service}-1`])).stdout.trim();
  };
  const requestTo = (service: string) =>
    project.compose('exec', '-T', 'plain', 'curl', '-sS', '--max-time', '20', `http://${service}:8000/`);

  beforeAll(async () => {
    await project?.remove();
    const service = (name: string) => `
  ${name}:
    image: boxer-test/tools:1
    command: ["python3", "-u", "/srv/server.py"]
    volumes: ["./server.py:/srv/server.py:ro"]
    environment: { WARM_UP: "6" }
    restart: always
    x-boxer: { timeout: 120, renew: { before: 105 } }`;
    project = createProject({
      'server.py': server,
      'compose.yaml': `
services:
  plain:
    image: boxer-test/tools:1
    command: ["sleep", "infinity"]
    stop_signal: SIGKILL
${SERVICES.map(service).join('')}
`,
    });
    const { exitCode, all } = await project.boxer('up', '-d');
    expect([exitCode, all]).toEqual([0, expect.anything()]);
  }, 300_000);

  test('the successor serves when the function dies, and Docker does not restart the container', async () => {
    const { id } = await renewalOf('bereft');
    const [oldest = ''] = await sandboxes('bereft');
    await bothGuestsOf('bereft');
    await run('docker', ['kill', oldest]);
    const found = await eventually('the successor serves', async () => {
      const ids = await servers('bereft');
      return ids.length > 1 ? ids : undefined;
    });
    const answer = await eventually('the successor answers to the name of the service', async () => {
      const { exitCode, stdout } = await requestTo('bereft');
      return exitCode === 0 ? stdout : undefined;
    });
    expect(found).toHaveLength(2);
    expect(answer).toBe(found[1]);
    expect(await state('bereft')).toBe('running 0 0');
    expect((await replicaOf('bereft'))?.id).toBe(id);
  }, 240_000);

  test('docker stop ends both guests, and the exit code is that of the active one', async () => {
    await renewalOf('stopped');
    const before = await servers('stopped');
    await bothGuestsOf('stopped');
    await project.compose('stop', 'stopped');
    expect(await state('stopped')).toBe('exited 7 0');
    await noGuestOf('stopped');
    // The successor never came to serve.
    expect(await servers('stopped')).toEqual(before);
  }, 240_000);

  test('both guests end when the phantom is killed', async () => {
    await renewalOf('orphaned');
    await bothGuestsOf('orphaned');
    await project.compose('kill', 'orphaned');
    await noGuestOf('orphaned');
  }, 240_000);
});

test('neither a guest that ends by itself nor a function with renew: false is renewed', async () => {
  await project?.remove();
  project = createProject({
    'compose.yaml': `
services:
  short:
    image: boxer-test/tools:1
    command: ["sh", "-c", "echo runs; sleep 6; exit 3"]
    x-boxer: { timeout: 60, renew: { before: 30 } }
  unrenewed:
    image: boxer-test/tools:1
    command: ["sh", "-c", "echo runs; sleep 100"]
    x-boxer: { timeout: 12, renew: false }
`,
  });
  expect((await project.boxer('up', '-d')).exitCode).toBe(0);
  const codes = await eventually(
    'both containers have ended',
    async () => {
      const format = ['-a', '--format', '{{.Service}} {{.ExitCode}}'];
      const { stdout } = await project.compose('ps', ...format, '--status', 'exited', 'short', 'unrenewed');
      const found = stdout.split('\n').filter((line) => line !== '');
      return found.length === 2 ? found.sort() : undefined;
    },
    120,
  );
  expect(codes).toEqual(['short 3', 'unrenewed 124']);
  expect((await logs('unrenewed')).match(/^runs$/gm)).toHaveLength(1);
}, 240_000);
