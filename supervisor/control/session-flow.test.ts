import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { NO_OBSERVER } from './control-observer.ts';
import { unchecked } from './message.ts';
import { EXIT, FAST, SessionTestbed, STDOUT } from './session-testbed.ts';

let bed: SessionTestbed;

beforeEach(() => {
  bed = new SessionTestbed();
});
afterEach(() => bed.close());

test('raw bytes pass unchanged under backpressure, even when the reader pauses', async () => {
  // With heartbeats of 20 ms, the test would fail if a paused reader were taken for dead.
  const { client, server } = await bed.pair({ heartbeat: FAST }, { heartbeat: FAST });
  const total = 300;
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let received = 0;
  let paused = 0;
  const done = Promise.withResolvers<void>();
  server.onNotification(STDOUT, (body) => {
    if (!Buffer.isBuffer(body)) throw new Error('not raw');
    received += body.length;
    if (received === total * chunk.length) done.resolve();
    if (paused++ === 20) {
      server.pause();
      setTimeout(() => server.resume(), 300);
    }
  });
  let waited = 0;
  for (let sent = 0; sent < total; sent++) {
    if (client.notify(STDOUT, chunk)) continue;
    waited += 1;
    await client.drained();
  }
  await done.promise;
  expect(waited).toBeGreaterThan(0);
  expect(received).toBe(total * chunk.length);
});

test('frames that were written before close() arrive before the end', async () => {
  const { client, server } = await bed.pair();
  const order: string[] = [];
  server.onNotification(STDOUT, () => order.push('bytes'));
  server.onNotification(EXIT, () => order.push('exit'));
  client.notify(STDOUT, Buffer.alloc(500_000));
  client.notify(EXIT, { code: 0, signal: null });
  await client.close();
  await server.closed;
  expect(order).toEqual(['bytes', 'exit']);
});

test('a session ends when its peer does not read and more than maxQueued bytes wait', async () => {
  const { client, server } = await bed.pair({ maxQueued: 1 << 20 });
  server.pause();
  for (let sent = 0; sent < 100; sent++) client.notify(STDOUT, Buffer.alloc(256 * 1024));
  await expect(client.closed).resolves.toBe('the peer does not read');
  await expect(client.drained()).rejects.toMatchObject({ errno: 'ECONNRESET' });
});

test('a peer that exceeds the rate limit is read more slowly, but loses nothing and stays', async () => {
  const throttled: number[] = [];
  const rateLimit = { frames: { perSecond: 200, burst: 50 }, bytes: { perSecond: 1e9, burst: 1e9 } };
  const { client, server } = await bed.pair(
    { heartbeat: FAST },
    { heartbeat: FAST, rateLimit, observer: { ...NO_OBSERVER, throttled: (ms) => throttled.push(ms) } },
  );
  server.handle(unchecked(6), (body) => body);
  const answers = await Promise.all(
    Array.from({ length: 150 }, (_, index) => client.request(unchecked(6), { index })),
  );
  expect(answers).toEqual(Array.from({ length: 150 }, (_, index) => ({ index })));
  // The burst allows 50 requests at once; the 100 others cost 5 ms each, however fast the machine is.
  expect(throttled.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(100);
  expect([client.ended, server.ended]).toEqual([false, false]);
});

test('the rate limit counts bytes too, and does not resume a session that was paused', async () => {
  const rateLimit = { frames: { perSecond: 1e6, burst: 1e6 }, bytes: { perSecond: 100_000, burst: 1000 } };
  const throttled = Promise.withResolvers<number>();
  const { client, server } = await bed.pair(
    {},
    { rateLimit, observer: { ...NO_OBSERVER, throttled: throttled.resolve } },
  );
  let received = 0;
  server.onNotification(STDOUT, () => {
    received += 1;
  });
  client.notify(STDOUT, Buffer.alloc(10_000));
  const rest = await throttled.promise;
  server.pause();
  client.notify(STDOUT, Buffer.alloc(1));
  await delay(rest + 50);
  expect(received).toBe(1);
  server.resume();
  while (received < 2) await delay(5);
});

test('long frames are written in pieces, in order with short ones, and close() waits for them', async () => {
  const { client, server } = await bed.pair({ maxWrite: 1000 });
  const received: string[] = [];
  server.onNotification(STDOUT, (body) => received.push(`${Buffer.byteLength(String(body))}`));
  const sizes = [10, 300_000, 20, 5000, 1, 0, 999];
  for (const size of sizes) client.notify(STDOUT, Buffer.alloc(size, 'x'));
  await client.drained();
  client.notify(STDOUT, Buffer.alloc(100_000, 'y'));
  await client.close();
  await server.closed;
  expect(received).toEqual([...sizes, 100_000].map(String));
});
