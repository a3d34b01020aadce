import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Store } from './store.ts';
import { natsPlace, recorder, type StorePlace, sqlitePlace } from './store-testbed.ts';

let place: StorePlace;
let store: Store;
let stop: AbortController;

/** Entries are written, replaced and removed. */
function entriesAreKept(): void {
  test('written entries are there, even after the store was closed and opened again', async () => {
    const revision = await store.put('node.1', { service: 'web', names: ['a', 'ü'] });
    await expect(store.get('node.1')).resolves.toEqual({
      key: 'node.1',
      value: { service: 'web', names: ['a', 'ü'] },
      revision,
    });
    await store.put('node.2', 'two');
    await store.remove('node.2');
    await store.close();
    store = await place.open();
    await expect(store.get('node.1')).resolves.toMatchObject({ value: { service: 'web' } });
    await expect(store.get('node.2')).resolves.toBeUndefined();
  });

  test('of many concurrent create() calls for one key, one succeeds', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.create('launch.a', { index })),
    );
    expect(outcomes.filter((revision) => revision !== undefined)).toHaveLength(1);
    await expect(store.get('launch.a')).resolves.toMatchObject({
      value: { index: outcomes.findIndex((revision) => revision !== undefined) },
    });
    await store.close();
    store = await place.open();
    await expect(store.create('launch.a', 'again')).resolves.toBeUndefined();
    await store.remove('launch.a');
    await expect(store.create('launch.a', 'anew')).resolves.toBeGreaterThan(0);
  });

  test('put() and remove() with a revision change a key only at that revision', async () => {
    const first = await store.create('node.1', 1);
    const second = await store.put('node.1', 2, { revision: first });
    expect(second).toBeGreaterThan(first ?? 0);
    await expect(store.put('node.1', 3, { revision: first })).resolves.toBeUndefined();
    await expect(store.remove('node.1', { revision: first })).resolves.toBe(false);
    await expect(store.get('node.1')).resolves.toMatchObject({ value: 2, revision: second });
    await expect(store.remove('node.1', { revision: second })).resolves.toBe(true);
    await expect(store.get('node.1')).resolves.toBeUndefined();
  });
}

/** Entries expire, and watchers learn of changes. */
function entriesExpireAndAreWatched(): void {
  test('an entry is removed when its ttl has passed, and watchers are told', async () => {
    const { listener, until } = recorder();
    await store.watch('seed', listener, stop.signal);
    await store.create('seed.a', 'here', { ttl: 1000 });
    await store.create('seed.b', 'stays', { ttl: 60_000 });
    await until(({ key, value }) => key === 'seed.a' && value === 'here');
    await until(({ key, value }) => key === 'seed.a' && value === undefined);
    await expect(store.get('seed.a')).resolves.toBeUndefined();
    await expect(store.create('seed.a', 'back', { ttl: 60_000 })).resolves.toBeGreaterThan(0);
    await expect(store.get('seed.b')).resolves.toMatchObject({ value: 'stays' });
  });

  test('an entry expires even while the store is closed', async () => {
    await store.create('launch.a', 1, { ttl: 1000 });
    await store.close();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    store = await place.open();
    const { listener, until } = recorder();
    await store.watch('launch', listener, stop.signal);
    await store.create('launch.b', 1);
    await until(({ key }) => key === 'launch.b');
    await expect(store.create('launch.a', 2)).resolves.toBeGreaterThan(0);
  });

  test('a watcher gets the present entries and then each change, of its kind only', async () => {
    await store.put('node.1', 'one');
    await store.put('node.2', 'two');
    await store.put('other.1', 'no');
    const { changes, listener, until } = recorder();
    await store.watch('node', listener, stop.signal);
    expect(changes.map(({ key, value }) => [key, value])).toEqual([
      ['node.1', 'one'],
      ['node.2', 'two'],
    ]);
    await store.put('node.1', 'uno');
    await store.put('other.1', 'no');
    await store.remove('node.2');
    await store.put('node.3', 'tre');
    await until(({ key }) => key === 'node.3');
    expect(changes.slice(2).map(({ key, value }) => [key, value])).toEqual([
      ['node.1', 'uno'],
      ['node.2', undefined],
      ['node.3', 'tre'],
    ]);
  });
}

/** Many writes succeed, and invalid keys are refused. */
function limitsHold(): void {
  test('a thousand concurrent writes all succeed', async () => {
    const count = 1000;
    await Promise.all(Array.from({ length: count }, (_, index) => store.create(`node.${index}`, { index })));
    const { changes, listener } = recorder();
    await store.watch('node', listener, stop.signal);
    expect(changes).toHaveLength(count);
  });

  test('put() rejects with RangeError for an invalid key', async () => {
    await expect(store.put('node', 1)).rejects.toThrow(RangeError);
    await expect(store.put('node.a b', 1)).rejects.toThrow(RangeError);
    await expect(store.put('node.*', 1)).rejects.toThrow(RangeError);
  });
}

/** Tests that every kind of store has to pass. */
describe.each<{ name: string; place: () => Promise<StorePlace> }>([
  { name: 'SQLite', place: async () => sqlitePlace() },
  { name: 'NATS JetStream, one server', place: () => natsPlace() },
  { name: 'NATS JetStream, a cluster of three', place: () => natsPlace(3) },
])('$name', ({ place: makePlace }) => {
  beforeAll(async () => {
    place = await makePlace();
  });
  beforeEach(async () => {
    stop = new AbortController();
    store = await place.open();
  });
  afterEach(async () => {
    stop.abort();
    await store.close();
    await place.clear();
  });
  afterAll(async () => {
    await place.clear();
    await place.close?.();
  });

  entriesAreKept();
  entriesExpireAndAreWatched();
  limitsHold();
});
