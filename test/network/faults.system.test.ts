import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bed, createBed } from './lib/bed.ts';
import { ECHO_PORT, startEcho } from './lib/client.ts';
import type { Link } from './lib/link.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from './lib/overlay.ts';
import { broken, startStreams } from './lib/stream.ts';

let bed: Bed;
let overlay: TestOverlay;
let open: BoxedNode;
let near: BoxedNode;
let far: BoxedNode;
let remoteLink: Link;

beforeAll(async () => {
  bed = await createBed();
  overlay = await startOverlay(bed);
  open = await overlay.node('open', await bed.host());
  near = await overlay.node('near', await (await bed.site('silent')).host());
  far = await overlay.node('far', await (await bed.site('silent')).host());
  // Only one test uses this node, because a pair of nodes that was cut off uses the relay for a while.
  const site = await bed.site('silent');
  const remote = await overlay.node('remote', await site.host());
  remoteLink = site.link;
  for (const node of [open, near, far, remote]) await startEcho(node);
});

afterAll(() => bed?.remove());

/** Connects from a guest of `node`; resolves to "connected" or the name of connect()'s errno. */
async function connectFrom(node: BoxedNode, address: string, port = ECHO_PORT): Promise<string> {
  const script = `import errno,socket,sys
try: socket.create_connection((sys.argv[1], int(sys.argv[2])), 15).close(); print("connected")
except OSError as e: print(errno.errorcode.get(e.errno, e))`;
  return (await node.exec('python3', '-c', script, address, String(port))).stdout.trim();
}

const addressOf = async (name: string) =>
  (await overlay.nodes()).find(({ service }) => service === name)?.address ?? '';

test('a node that is cut off leaves within 8 seconds, and comes back with its id and address', async () => {
  const before = (await overlay.nodes()).find(({ service }) => service === 'remote');
  await remoteLink.cut();
  await overlay.until((nodes) => !nodes.has('remote'), 8000);
  expect(await connectFrom(near, before?.address ?? '')).toBe('EHOSTUNREACH');
  await remoteLink.heal();
  await overlay.until((nodes) => nodes.get('remote')?.ports.includes(ECHO_PORT) ?? false, 15_000);
  const after = (await overlay.nodes()).find(({ service }) => service === 'remote');
  expect([after?.id, after?.address]).toEqual([before?.id, before?.address]);
  expect(await connectFrom(near, 'remote')).toBe('connected');
});

describe('when the seed is killed', () => {
  test.each([
    ['punched', 'far'],
    ['direct', 'open'],
  ])(
    'established %s connections continue, and new ones succeed',
    async (_transport, host) => {
      const streams = await startStreams(near, host, 8);
      await overlay.stopSeed();
      const newConnection = await connectFrom(near, host);
      const report = await streams.stop();
      const relay = overlay.seed.host.address;
      expect(report.wrong).toBe(0);
      // If the punch takes too long, a stream uses the relay, which ends with the seed. The other streams use
      // the transport under test.
      expect(report.ends.filter(({ remote }) => remote !== relay).length).toBeGreaterThan(0);
      expect(broken(report, relay)).toEqual([]);
      expect(newConnection).toBe('connected');
      await overlay.startSeed();
      await overlay.until(
        (nodes) => ['open', 'near', 'far'].every((name) => nodes.get(name)?.ports.includes(ECHO_PORT)),
        20_000,
      );
    },
    40_000,
  );

  test('the nodes keep their addresses when it starts again', async () => {
    await overlay.until((nodes) => ['open', 'near', 'far'].every((name) => nodes.has(name)), 20_000);
    const before = await Promise.all(['open', 'near', 'far'].map(addressOf));
    await overlay.stopSeed();
    await overlay.startSeed();
    await overlay.until(
      (nodes) => ['open', 'near', 'far'].every((name) => nodes.get(name)?.ports.includes(ECHO_PORT)),
      20_000,
    );
    expect(await Promise.all(['open', 'near', 'far'].map(addressOf))).toEqual(before);
    expect(await connectFrom(near, 'far')).toBe('connected');
  });
});

test('connect() to a node that was killed fails with EHOSTUNREACH', async () => {
  const address = await addressOf('open');
  await open.kill();
  await overlay.until((nodes) => !nodes.has('open'));
  expect(await connectFrom(near, address)).toBe('EHOSTUNREACH');
});
