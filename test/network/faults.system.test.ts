import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bed, createBed } from './lib/bed.ts';
import { ECHO_PORT, startEcho } from './lib/client.ts';
import { type BoxedNode, startOverlay, type TestOverlay } from './lib/overlay.ts';
import { broken, startStreams } from './lib/stream.ts';

let bed: Bed;
let overlay: TestOverlay;
let open: BoxedNode;
let near: BoxedNode;
let far: BoxedNode;
let cut: { cut(): Promise<void>; heal(): Promise<void> };

beforeAll(async () => {
  bed = await createBed();
  overlay = await startOverlay(bed);
  open = await overlay.node('open', await bed.host());
  near = await overlay.node('near', await (await bed.site('silent')).host());
  far = await overlay.node('far', await (await bed.site('silent')).host());
  // Apart from the others: a pair that was cut off uses the relay for a while.
  const site = await bed.site('silent');
  const remote = await overlay.node('remote', await site.host());
  cut = site.link;
  for (const node of [open, near, far, remote]) await startEcho(node);
});

afterAll(() => bed?.remove());

/** What a connect() from `node` comes to, by a program that knows nothing of Boxer. */
async function knock(node: BoxedNode, address: string, port = ECHO_PORT): Promise<string> {
  const script = `import errno,socket,sys
try: socket.create_connection((sys.argv[1], int(sys.argv[2])), 15).close(); print("connected")
except OSError as e: print(errno.errorcode.get(e.errno, e))`;
  return (await node.exec('python3', '-c', script, address, String(port))).stdout.trim();
}

const addressOf = async (name: string) =>
  (await overlay.nodes()).find(({ service }) => service === name)?.address ?? '';

test('a node that is cut off is gone within its five seconds, and comes back as itself', async () => {
  const before = (await overlay.nodes()).find(({ service }) => service === 'remote');
  await cut.cut();
  await overlay.until((nodes) => !nodes.has('remote'), 8000);
  expect(await knock(near, before?.address ?? '')).toBe('EHOSTUNREACH');
  await cut.heal();
  await overlay.until((nodes) => nodes.get('remote')?.ports.includes(ECHO_PORT) ?? false, 15_000);
  const after = (await overlay.nodes()).find(({ service }) => service === 'remote');
  expect([after?.id, after?.address]).toEqual([before?.id, before?.address]);
  expect(await knock(near, 'remote')).toBe('connected');
});

describe('when the seed is killed', () => {
  test.each([
    ['punched', 'far'],
    ['direct', 'open'],
  ])(
    'established %s connections do not notice, and new ones are made',
    async (_transport, host) => {
      const streams = await startStreams(near, host, 8);
      await overlay.stopSeed();
      const knocked = await knock(near, host);
      const report = await streams.stop();
      const relay = overlay.seed.host.address;
      expect(report.wrong).toBe(0);
      // A meeting that takes too long sends connections to the relay, which goes with the seed; most go as
      // they should.
      expect(report.ends.filter(({ remote }) => remote !== relay).length).toBeGreaterThan(0);
      expect(broken(report, relay)).toEqual([]);
      expect(knocked).toBe('connected');
      await overlay.startSeed();
      await overlay.until(
        (nodes) => ['open', 'near', 'far'].every((name) => nodes.get(name)?.ports.includes(ECHO_PORT)),
        20_000,
      );
    },
    40_000,
  );

  test('the nodes come back under their addresses when it does', async () => {
    await overlay.until((nodes) => ['open', 'near', 'far'].every((name) => nodes.has(name)), 20_000);
    const before = await Promise.all(['open', 'near', 'far'].map(addressOf));
    await overlay.stopSeed();
    await overlay.startSeed();
    await overlay.until(
      (nodes) => ['open', 'near', 'far'].every((name) => nodes.get(name)?.ports.includes(ECHO_PORT)),
      20_000,
    );
    expect(await Promise.all(['open', 'near', 'far'].map(addressOf))).toEqual(before);
    expect(await knock(near, 'far')).toBe('connected');
  });
});

test('a host whose node was killed is unreachable, not silent', async () => {
  const address = await addressOf('open');
  await open.kill();
  await overlay.until((nodes) => !nodes.has('open'));
  expect(await knock(near, address)).toBe('EHOSTUNREACH');
});
