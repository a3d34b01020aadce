import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project } from '../lib/project.ts';

/** A client that prints the peer's address of each connection, as the guest and as the kernel sees it. */
const CLIENT = `
import os, socket, time
def kernel_peer(connection):
    inode = str(os.fstat(connection.fileno()).st_ino)
    for line in open('/proc/net/tcp'):
        fields = line.split()
        if len(fields) > 9 and fields[9] == inode:
            return '.'.join(str(byte) for byte in reversed(bytes.fromhex(fields[2].split(':')[0])))
while True:
    try:
        with socket.create_connection(('beta', 9000), 10) as connection:
            print('met', connection.getpeername()[0], kernel_peer(connection), flush=True)
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
  '%s reaches a function over a punched connection, and sees its overlay address only',
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
    const [, guestPeer, kernelPeer] = last.split(' ');
    expect(guestPeer).toMatch(/^198\.18\./);
    // The packets go to the public address of the other function's NAT gateway, which translates them.
    expect(kernelPeer).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(kernelPeer).not.toMatch(/^198\.18\.|^169\.254\./);
  },
  60_000,
);
