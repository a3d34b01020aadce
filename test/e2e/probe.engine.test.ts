// `docker boxer probe` runs here against the local Lambda, whose true properties the tests know.
import { existsSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { createProject, eventually, type Project, run } from '../lib/project.ts';

const COMPOSE = `
services:
  worker:
    image: debian:bookworm-slim
    command: sleep infinity
    x-boxer: lambda
`;

const projects: Project[] = [];
const make = (): Project => {
  const project = createProject({ 'compose.yaml': COMPOSE });
  projects.push(project);
  return project;
};
afterEach(() => Promise.all(projects.splice(0).map((project) => project.remove())), 120_000);

/** The ids of all containers, networks and volumes that belong to the project or to its local Lambda. */
async function resourcesOf(project: Project): Promise<string[]> {
  const labels = [`com.docker.compose.project=${project.name}`, `lambda-local.instance=${project.name}`];
  const kinds = [
    ['ps', '--all'],
    ['network', 'ls'],
    ['volume', 'ls'],
  ];
  const lists = kinds.flatMap((kind) =>
    labels.map((label) => run('docker', [...kind, '--quiet', '--filter', `label=${label}`])),
  );
  return (await Promise.all(lists)).flatMap(({ stdout }) => stdout.split('\n').filter((id) => id !== ''));
}

test('probe reports the properties of the local Lambda without addresses, and leaves nothing', async () => {
  const project = make();
  const { exitCode, stdout, stderr } = await project.boxer('probe', '--json', '--trials', '3');
  expect({ exitCode, stderr, stdout }).toMatchObject({ exitCode: 0 });
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ probe: 1, provider: 'local', architecture: 'x86_64', errors: [] });
  expect(report.functions.map(({ side }: { side: string }) => side)).toEqual(['a', 'b']);
  for (const { sandbox, network, peer } of report.functions) {
    expect(sandbox).toMatchObject({
      uid: 993,
      gid: 990,
      rootReadOnly: true,
      processes: 1024,
      memory: { configured: 1769, cgroup: 1769 },
      tmp: { size: 512, type: 'tmpfs' },
      limits: { 'open files': { soft: '1024', hard: '1024' } },
      descriptors: { refused: 'EMFILE' },
      status: { NoNewPrivs: '1', Seccomp: '2', CapBnd: '0000000000000000' },
    });
    const call = Object.fromEntries(
      sandbox.calls.map(({ name, result }: Record<string, string>) => [name, result]),
    );
    for (const refused of [
      'ptrace(PTRACE_TRACEME)',
      'seccomp',
      'chroot',
      'unshare(CLONE_NEWUSER)',
      'io_uring_setup',
    ])
      expect({ [refused]: call[refused] }).toEqual({ [refused]: 'EPERM' });
    for (const allowed of [
      'memfd_create',
      'inotify_init1',
      'bind(abstract Unix socket)',
      'bind(TCP port 80)',
    ])
      expect({ [allowed]: call[allowed] }).toEqual({ [allowed]: 'ok' });
    const files = Object.fromEntries(sandbox.files.map((file: { path: string }) => [file.path, file]));
    expect(files).toMatchObject({
      '/tmp': { write: 'ok' },
      '/dev/shm': { read: 'ENOENT' },
      '/dev/ptmx': { read: 'ENOENT' },
      '/proc/net/tcp': { read: 'ok' },
    });
    expect(network).toMatchObject({
      localAddress: '169.254.76.1',
      nat: 'preserving',
      portsKept: 1,
      filtering: 'silent',
      hairpin: 'ETIMEDOUT',
      seed: { roundTrip: { count: 20 }, upload: { bytes: 4 * 2 ** 20 } },
    });
    expect(peer).toMatchObject({ sameObserved: false, sameLocal: true });
    for (const trials of [peer.punch.plain, peer.punch.jittered])
      expect(trials.map(({ ok }: { ok: boolean }) => ok)).toEqual([true, true, true]);
  }
  const [a, b] = report.functions;
  // Both functions have the same local address, so the direct connection went to the function itself.
  expect(b.peer.direct).toBe('ECONNREFUSED');
  expect(a.peer.roundTrip.count).toBe(20);
  expect(a.peer.throughput.megabitsPerSecond).toBeGreaterThan(0);
  const kinds = report.starts.map(({ kind }: { kind: string }) => kind);
  expect(kinds.slice(0, 2)).toEqual(['cold', 'cold']);
  // If an environment is not ready in time for the next invocation, a new one takes that: a cold start.
  expect(kinds.slice(2)).toContain('warm');
  for (const { firstByte } of report.starts) expect(firstByte).toBeGreaterThan(0);

  const addresses = stdout.match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
  expect(addresses.filter((address) => !address.startsWith('169.254.'))).toEqual([]);
  expect(a.network.observed.address).not.toBe(b.network.observed.address);
  expect(await resourcesOf(project)).toEqual([]);
  expect(existsSync(project.state('probe.yaml'))).toBe(false);
});

test('probe leaves a running project alone, and punches nothing behind a symmetric NAT', async () => {
  const project = make();
  expect((await project.boxer('up', '-d')).exitCode).toBe(0);
  project.write(
    'symmetric.yaml',
    'services: { boxer-lambda: { environment: { LAMBDA_LOCAL_NAT: symmetric } } }',
  );
  const files = ['compose.yaml', project.state('override.yaml'), 'symmetric.yaml'].flatMap((file) => [
    '-f',
    file,
  ]);
  const recreated = await project.compose(...files, 'up', '-d', '--no-deps', 'boxer-lambda');
  expect(recreated).toMatchObject({ exitCode: 0 });
  const containers = async () => (await project.compose('ps', '--all', '--quiet')).stdout.split('\n').sort();
  const before = await containers();
  const { exitCode, stdout, stderr } = await project.boxer('probe', '--addresses', '--trials', '3');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stdout).toMatch(/^NAT +symmetric +symmetric +no punching: the relay$/m);
  expect(stdout).toMatch(/^ports kept +0 of 8 +0 of 8$/m);
  expect(stdout).toMatch(/^seen from outside as +\d+\.\d+\.\d+\.\d+ +\d+\.\d+\.\d+\.\d+ +one each$/m);
  expect(stdout).toMatch(
    /^punched, with random pauses +0 of 1, ETIMEDOUT +0 of 1, ETIMEDOUT +what Boxer does$/m,
  );
  expect(await containers()).toEqual(before);
  const functions =
    "fetch('http://127.0.0.1:9000/2015-03-31/functions').then((r) => r.text()).then((t) => console.log(t))";
  const listed = await project.compose(
    ...files,
    ...['exec', '-T', 'boxer-lambda', '/usr/local/bin/node', '-e', functions],
  );
  expect(listed.stdout).toContain('"Functions":[');
  expect(listed.stdout).not.toContain('probe');

  expect((await project.boxer('stop', '--timeout', '1')).exitCode).toBe(0);
  const stopped = await project.boxer('probe');
  expect(stopped.exitCode).toBe(1);
  expect(stopped.stderr).toContain(`the project ${project.name} is stopped: its boxer-seed does not run`);
}, 180_000);

test.each(['SIGINT', 'SIGTERM'] as const)(
  'probe removes everything that it made when %s interrupts it',
  async (signal) => {
    const project = make();
    const child = execa('docker', ['boxer', 'probe'], {
      cwd: project.directory,
      env: { COMPOSE_PROJECT_NAME: project.name, COMPOSE_FILE: undefined },
      reject: false,
      stdin: 'ignore',
    });
    await eventually('the functions of the probe run', async () => {
      const label = `label=lambda-local.instance=${project.name}`;
      const { stdout } = await run('docker', [
        'ps',
        '--quiet',
        '--filter',
        label,
        '--filter',
        'label=lambda-local.function',
      ]);
      return stdout === '' ? undefined : true;
    });
    child.kill(signal);
    expect((await child).exitCode).not.toBe(0);
    await eventually('the probe has removed everything', async () =>
      (await resourcesOf(project)).length === 0 ? true : undefined,
    );
    expect(existsSync(project.state('change.lock'))).toBe(false);
  },
  120_000,
);

test('probe refuses a number of trials out of range, and arguments', async () => {
  const project = make();
  expect((await project.boxer('probe', '--trials', '99')).stderr).toContain(
    '--trials must be a whole number from 1 to 20, and is "99"',
  );
  expect((await project.boxer('probe', 'worker')).stderr).toContain('probe takes no arguments');
});
