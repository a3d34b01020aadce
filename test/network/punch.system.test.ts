import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { type Bed, createBed } from './lib/bed.ts';
import { ECHO_PORT, startEcho } from './lib/client.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from './lib/overlay.ts';

/** Connects COUNT times at once, optionally from one local port, and tells what became of it. */
const CONNECT = `import collections, errno, json, socket, sys, threading
address, port, count, local = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
results = collections.Counter()
own = []
def one():
  try:
    with socket.socket() as s:
      if local: s.bind(("", local))
      s.settimeout(20); s.connect((address, port)); own.append(s.getsockname()[1])
      s.sendall(b"x"); results["ok" if s.recv(1) == b"x" else "wrong"] += 1
  except OSError as e: results[errno.errorcode.get(e.errno, str(e))] += 1
threads = [threading.Thread(target=one) for _ in range(count)]
for t in threads: t.start()
for t in threads: t.join()
print(json.dumps({"results": results, "own": own[:1]}))`;

const outcome = z.object({ results: z.record(z.string(), z.number()), own: z.array(z.number()) });

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

test('first connects at the same time share one meeting, and all are made', async () => {
  expect((await connect({ count: 200 })).results).toEqual({ ok: 200 });
});

test('a guest that has bound its socket keeps its port', async () => {
  expect(await connect({ local: 23_456 })).toEqual({ results: { ok: 1 }, own: [23_456] });
});

test('once they have met, nodes go on connecting without the seed, and are refused as before', async () => {
  await overlay.stopSeed();
  expect((await connect({ count: 50 })).results).toEqual({ ok: 50 });
  expect((await connect({ port: 9 })).results).toEqual({ ECONNREFUSED: 1 });
});
