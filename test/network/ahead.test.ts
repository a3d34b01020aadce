import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bed, createBed } from './lib/bed.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from './lib/overlay.ts';

/** Connections between nodes that have met: the far end is open before a guest wants it. */

const PORT = 7300;
const NOBODY = 9;

/** Answers so many connections and listens no more. */
const SERVER = `import socket, sys, time
server = socket.create_server(("", ${PORT}))
for _ in range(int(sys.argv[1])):
  connection, _ = server.accept()
  connection.sendall(b"x"); connection.close()
server.close()
print("closed", flush=True)
time.sleep(60)`;

/** Connects to each of the ports in turn; what became of it, and what came if anything is to come. */
const CLIENT = `import errno, socket, sys
address, waits = sys.argv[1], sys.argv[2] == "read"
for port in sys.argv[3:]:
  try:
    with socket.create_connection((address, int(port)), timeout=10) as s: print(s.recv(1).decode() if waits else "connected")
  except OSError as e: print(errno.errorcode.get(e.errno, e))`;

let bed: Bed;
let overlay: TestOverlay;
let near: BoxedNode;
let far: BoxedNode;

beforeAll(async () => {
  bed = await createBed();
  overlay = await startOverlay(bed);
  near = await overlay.node('near', await (await bed.site('silent')).host());
  far = await overlay.node('far', await (await bed.site('silent')).host());
}, 30_000);

afterAll(() => bed?.remove());

async function serve(connections: number) {
  const job = far.start('python3', '-c', SERVER, String(connections));
  await far.listening(PORT);
  await overlay.until((nodes) => nodes.get('far')?.ports.includes(PORT) ?? false);
  return job;
}

async function connect(how: 'read' | 'only', ...ports: number[]): Promise<string[]> {
  const address = (await overlay.nodes()).find(({ service }) => service === 'far')?.address ?? '';
  return connectTo(address, how, ...ports);
}

async function connectTo(address: string, how: 'read' | 'only', ...ports: number[]): Promise<string[]> {
  const { stdout } = await near.exec('python3', '-c', CLIENT, address, how, ...ports.map(String));
  return stdout.trim().split('\n');
}

// The refusal comes from the far end, behind its answer about the ends that it has opened.
const WARM = [PORT, PORT, NOBODY] as const;

test('a guest connects while the other node’s supervisor stands still', async () => {
  const job = await serve(3);
  expect(await connect('read', ...WARM)).toEqual(['x', 'x', 'ECONNREFUSED']);
  process.kill(far.pid, 'SIGSTOP');
  const address = (await overlay.nodes()).find(({ service }) => service === 'far')?.address ?? '';
  const connected = await connectTo(address, 'only', PORT).finally(() => process.kill(far.pid, 'SIGCONT'));
  expect(connected).toEqual(['connected']);
  await job.printed('closed');
  job.kill();
}, 30_000);

test('a listener that has gone refuses, though its ends are open and no seed tells of it', async () => {
  const job = await serve(2);
  const address = (await overlay.nodes()).find(({ service }) => service === 'far')?.address ?? '';
  expect(await connect('read', ...WARM)).toEqual(['x', 'x', 'ECONNREFUSED']);
  await overlay.stopSeed();
  await job.printed('closed');
  expect(await connectTo(address, 'only', NOBODY, PORT)).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
  job.kill();
}, 30_000);
