import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { type Bed, createBed } from './lib/bed.ts';
import { ECHO_PORT, startEcho } from './lib/client.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from './lib/overlay.ts';

/**
 * A client that opens COUNT connections at once, from the given local port unless that is 0. It prints how
 * many ended how, and the local port of one of them.
 */
const CONNECT = `import collections, errno, json, socket, sys, threading
address, port, count, local = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
results = collections.Counter()
local_ports = []
def one():
  try:
    with socket.socket() as s:
      if local: s.bind(("", local))
      s.settimeout(20); s.connect((address, port)); local_ports.append(s.getsockname()[1])
      s.sendall(b"x"); results["ok" if s.recv(1) == b"x" else "wrong"] += 1
  except OSError as e: results[errno.errorcode.get(e.errno, str(e))] += 1
threads = [threading.Thread(target=one) for _ in range(count)]
for t in threads: t.start()
for t in threads: t.join()
print(json.dumps({"results": results, "localPorts": local_ports[:1]}))`;

const outcome = z.object({ results: z.record(z.string(), z.number()), localPorts: z.array(z.number()) });

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
  await startEcho(far);
  address = (await overlay.nodes()).find(({ service }) => service === 'far')?.address ?? '';
});

afterAll(() => bed?.remove());

async function connect(options: { port?: number; count?: number; local?: number } = {}) {
  const { port = ECHO_PORT, count = 1, local = 0 } = options;
  const { stdout, stderr } = await near.exec(
    'python3',
    '-c',
    CONNECT,
    address,
    ...[port, count, local].map(String),
  );
  if (stdout === '') throw new Error(stderr);
  return outcome.parse(JSON.parse(stdout));
}

test('200 connections at once all succeed between two nodes that have not met before', async () => {
  expect((await connect({ count: 200 })).results).toEqual({ ok: 200 });
});

test('a guest keeps the local port to which it has bound its socket', async () => {
  expect(await connect({ local: 23_456 })).toEqual({ results: { ok: 1 }, localPorts: [23_456] });
});

test('nodes that have met connect without the seed, and a closed port still refuses', async () => {
  await overlay.stopSeed();
  expect((await connect({ count: 50 })).results).toEqual({ ok: 50 });
  expect((await connect({ port: 9 })).results).toEqual({ ECONNREFUSED: 1 });
});
