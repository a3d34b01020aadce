import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bed, createBed } from './lib/bed.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from './lib/overlay.ts';

// Two nodes that have punched to each other keep further punched connections ready, which no guest uses yet.
// The acceptor's sockets of these wait in SYN-SENT, and a connect() of the initiator's guest completes one.

const PORT = 7300;
const CLOSED_PORT = 9;

/** A server that echoes one byte of each connection. After the byte "q" it closes its listener. */
const SERVER = `import socket, sys
server = socket.create_server(("", ${PORT}))
byte = b""
while byte != b"q":
  connection, _ = server.accept()
  with connection:
    byte = connection.recv(1)
    if byte == b"q": server.close()
    connection.sendall(byte)
print("closed", flush=True)
sys.stdin.read()`;

/**
 * A client that connects to each PORT[:BYTE] in turn and sends the byte if there is one. It prints the echoed
 * byte, "connected" if there was no byte to send, or the name of the errno.
 */
const CLIENT = `import errno, socket, sys
for target in sys.argv[2:]:
  port, _, byte = target.partition(":")
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

async function connect(...targets: string[]): Promise<string[]> {
  const { stdout } = await near.exec('python3', '-c', CLIENT, address, ...targets);
  return stdout.trim().split('\n');
}

const SYN_SENT = /^ *\d+: \S+ \S+ 02 /m;

/**
 * Connects until sockets wait in SYN-SENT at the acceptor, which its kernel shows. There are none before the
 * nodes have learnt of their NATs.
 */
async function untilSocketsWait(): Promise<void> {
  for (;;) {
    expect(await connect(`${PORT}:x`)).toEqual(['x']);
    const { stdout } = await far.exec('cat', '/proc/net/tcp');
    if (SYN_SENT.test(stdout)) break;
  }
  // The acceptor refuses this after it has told the initiator of its waiting sockets, over the same session.
  expect(await connect(String(CLOSED_PORT))).toEqual(['ECONNREFUSED']);
}

test("connect() succeeds while the acceptor's supervisor is stopped", async () => {
  await serve();
  await untilSocketsWait();
  process.kill(far.pid, 'SIGSTOP');
  const connected = await connect(String(PORT)).finally(() => process.kill(far.pid, 'SIGCONT'));
  expect(connected).toEqual(['connected']);
  expect(await connect(`${PORT}:q`)).toEqual(['q']);
}, 300_000);

test('connect() fails with ECONNREFUSED when the listener has closed and the seed is down', async () => {
  await serve();
  await untilSocketsWait();
  await overlay.stopSeed();
  expect(await connect(`${PORT}:q`)).toEqual(['q']);
  expect(await connect(String(CLOSED_PORT), String(PORT))).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
}, 300_000);
