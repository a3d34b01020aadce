import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bed, createBed } from './lib/bed.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from './lib/overlay.ts';

/** Connections between nodes that have met: the far end is open before a guest wants it. */

const PORT = 7300;
const NOBODY = 9;

/** Echoes one byte of each connection; "q" is its end: it listens no more. */
const SERVER = `import socket, sys
server = socket.create_server(("", ${PORT}))
heard = b""
while heard != b"q":
  connection, _ = server.accept()
  with connection:
    heard = connection.recv(1)
    if heard == b"q": server.close()
    connection.sendall(heard)
print("closed", flush=True)
sys.stdin.read()`;

/**
 * Connects to each PORT:BYTE in turn, sends the byte if there is one; prints the answer, or what became of
 * it.
 */
const CLIENT = `import errno, socket, sys
for what in sys.argv[2:]:
  port, _, byte = what.partition(":")
  try:
    with socket.create_connection((sys.argv[1], int(port)), timeout=10) as s:
      s.sendall(byte.encode()); print(s.recv(1).decode() if byte else "connected")
  except OSError as e: print(errno.errorcode.get(e.errno, e))`;

let bed: Bed;
let overlay: TestOverlay;
let near: BoxedNode;
let far: BoxedNode;
let address: string;

beforeAll(async () => {
  bed = await createBed();
  overlay = await startOverlay(bed);
  near = await overlay.node('near', await (await bed.site('silent')).host());
  far = await overlay.node('far', await (await bed.site('silent')).host());
  address = (await overlay.nodes()).find(({ service }) => service === 'far')?.address ?? '';
}, 300_000);

afterAll(() => bed?.remove());

async function serve(): Promise<void> {
  far.start('python3', '-c', SERVER);
  await far.listening(PORT);
  await overlay.until((nodes) => nodes.get('far')?.ports.includes(PORT) ?? false);
}

async function connect(...what: string[]): Promise<string[]> {
  const { stdout } = await near.exec('python3', '-c', CLIENT, address, ...what);
  return stdout.trim().split('\n');
}

const SYN_SENT = /^ *\d+: \S+ \S+ 02 /m;

/** The nodes have to learn of their NATs first; the far end's kernel shows when there are ends that wait. */
async function endsAreOpen(): Promise<void> {
  for (;;) {
    expect(await connect(`${PORT}:x`)).toEqual(['x']);
    const { stdout } = await far.exec('cat', '/proc/net/tcp');
    if (SYN_SENT.test(stdout)) break;
  }
  // The refusal is the far end's, and comes behind what it has said about its ends.
  expect(await connect(String(NOBODY))).toEqual(['ECONNREFUSED']);
}

test('a guest connects while the other node’s supervisor stands still', async () => {
  await serve();
  await endsAreOpen();
  process.kill(far.pid, 'SIGSTOP');
  const connected = await connect(String(PORT)).finally(() => process.kill(far.pid, 'SIGCONT'));
  expect(connected).toEqual(['connected']);
  expect(await connect(`${PORT}:q`)).toEqual(['q']);
}, 300_000);

test('a listener that has gone refuses, though its ends are open and no seed tells of it', async () => {
  await serve();
  await endsAreOpen();
  await overlay.stopSeed();
  expect(await connect(`${PORT}:q`)).toEqual(['q']);
  expect(await connect(String(NOBODY), String(PORT))).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
}, 300_000);
