import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectNats } from './nats-connection.ts';
import { openNatsStore } from './nats-store.ts';
import { natsPlace, recorder } from './store-testbed.ts';

let place: Awaited<ReturnType<typeof natsPlace>>;
const stop = new AbortController();
const lines: string[] = [];

beforeAll(async () => {
  place = await natsPlace(3);
});
afterAll(async () => {
  stop.abort();
  await place.close();
});

test('when one of three servers is killed, no entry is lost and watches go on', async () => {
  const store = await place.open();
  const { changes, listener, until } = recorder();
  await store.watch('node', listener, stop.signal);
  for (const index of [0, 1, 2]) {
    await expect(store.create(`node.${index}`, index)).resolves.toBeGreaterThan(0);
    await place.bed.kill(index);
    // If the leader was killed, a new one is elected first, which may take longer than one attempt.
    const after = async (): Promise<number | undefined> =>
      store.create(`node.${index + 10}`, index).catch(after);
    await after();
    await expect(store.get(`node.${index}`)).resolves.toMatchObject({ value: index });
    await until(({ key }) => key === `node.${index + 10}`);
    await place.bed.start(index);
  }
  expect(new Set(changes.map(({ key }) => key)).size).toBe(6);
  await store.close();
});

test('calls fail with EAGAIN in time while the servers do not answer, and succeed afterwards', async () => {
  const store = await place.open();
  const { listener, until } = recorder();
  await store.watch('live', listener, stop.signal);
  await store.put('live.1', 'before');
  for (const index of [0, 1, 2]) place.bed.freeze(index);
  const started = Date.now();
  await expect(store.create('launch.a', 1)).rejects.toMatchObject({
    errno: 'EAGAIN',
    message: expect.stringContaining('the store is away'),
  });
  // A node allows its seed 5 s for a join.
  expect(Date.now() - started).toBeLessThan(5000);
  for (const index of [0, 1, 2]) place.bed.thaw(index);
  const after = async (): Promise<unknown> => store.put('live.2', 'after').catch(after);
  await after();
  await until(({ key }) => key === 'live.2');
  await expect(store.get('live.1')).resolves.toMatchObject({ value: 'before' });
  await store.close();
});

test('entries that were written with another key are skipped and not changed', async () => {
  const { connection } = place;
  const open = (fill: number) =>
    openNatsStore({
      connection,
      bucket: 'boxer-test-keys',
      key: Buffer.alloc(32, fill),
      log: (line) => lines.push(line),
    });
  const [mine, other] = [await open(1), await open(2)];
  await other.put('node.1', 'forged');
  await mine.put('node.2', 'mine');
  const { changes, listener } = recorder();
  await mine.watch('node', listener, stop.signal);
  expect(changes.map(({ value }) => value)).toEqual(['mine']);
  expect(lines).toEqual([expect.stringContaining('node.1: not written by a seed of this project')]);
  await expect(mine.get('node.1')).rejects.toMatchObject({ errno: 'EBADMSG' });
  await mine.close();
  await other.close();
});

test('connectNats() names the servers in its error', async () => {
  await expect(connectNats({ servers: ['127.0.0.1:1'] })).rejects.toMatchObject({
    code: 'STORE',
    message: expect.stringContaining('127.0.0.1:1'),
  });
});
