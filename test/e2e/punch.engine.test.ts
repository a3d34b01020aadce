import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project } from '../lib/project.ts';

/** What the kernel says of the connection, whatever the guest is told. */
const CLIENT = `
import os, socket, time
def wire(s):
    inode = str(os.fstat(s.fileno()).st_ino)
    for line in open('/proc/net/tcp'):
        f = line.split()
        if len(f) > 9 and f[9] == inode: return '.'.join(str(b) for b in reversed(bytes.fromhex(f[2].split(':')[0])))
while True:
    try:
        with socket.create_connection(('beta', 9000), 10) as s: print('met', s.getpeername()[0], wire(s), flush=True)
    except OSError as error: print('error', error, flush=True)
    time.sleep(0.2)
`;

const COMPOSE = `
services:
  beta:
    image: boxer-test/tools:1
    command: ["python3", "-m", "http.server", "9000"]
    x-boxer: lambda
  alpha:
    image: boxer-test/tools:1
    command: &client ["python3", "-c", $CLIENT]
    x-boxer: lambda
  gamma:
    image: boxer-test/tools:1
    command: *client
    x-boxer: container
`.replace('$CLIENT', () => JSON.stringify(CLIENT.replaceAll('$', '$$$$')));

let project: Project;

beforeAll(async () => {
  await buildTestImages();
  project = createProject({ 'compose.yaml': COMPOSE });
  const up = await project.boxer('up', '-d');
  if (up.exitCode !== 0) throw new Error(up.all);
}, 300_000);
afterAll(() => project?.remove(), 120_000);

const pairs = async (): Promise<{ from: string; to: string; transport: string }[]> => {
  const { stdout } = await project.boxer('ps', '--network', '--format', 'json');
  return stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
};

test.each(['alpha', 'gamma'])(
  '%s reaches a function by a punched connection, and sees the overlay only',
  async (name) => {
    await eventually(`${name} has punched`, async () =>
      (await pairs()).some(
        ({ from, to, transport }) =>
          from === `${project.name}-${name}-1` && to === `${project.name}-beta-1` && transport === 'punch',
      )
        ? true
        : undefined,
    );
    const { stdout } = await project.compose('logs', '--no-log-prefix', name);
    const last = stdout.split('\n').findLast((line) => line.startsWith('met')) ?? stdout;
    const [, seen, wire] = last.split(' ');
    expect(seen).toMatch(/^198\.18\./);
    // The packets go to the other function's own gateway on the public network, and are translated there.
    expect(wire).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(wire).not.toMatch(/^198\.18\.|^169\.254\./);
  },
  60_000,
);
