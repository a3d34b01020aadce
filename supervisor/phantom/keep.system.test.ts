import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Joined, Launch } from '../launches/launch.ts';
import type { Renewal } from '../launches/renewal/times.ts';
import { SILENT_LOGGER } from '../log/logger.ts';
import type { Duty, Overlay } from '../membership/join.ts';
import { createTestbed, type Testbed, until } from '../seed/overlay-testbed.ts';
import { keep } from './keep.ts';
import { type Clock, createPuppet, type Puppet } from './puppet-testbed.ts';

/** Renewal with a real seed and real nodes. The tests decide what guests do. */

const renewal: Renewal = { lifetime: 5, before: 4.8, stopSignal: 'SIGINT', stopGracePeriod: 1 };

let bed: Testbed;
let web: Overlay;
let launches: Puppet[];
let shown: Joined[];
let logged: string[];
let stopping: AbortController;
let end: AbortController;
/** Called with each launch as soon as it has been started. */
let onStart: (puppet: Puppet) => void;

beforeEach(async () => {
  bed = await createTestbed();
  web = await bed.join('web');
  [launches, shown, logged] = [[], [], []];
  stopping = new AbortController();
  end = new AbortController();
  onStart = () => undefined;
});
afterEach(async () => {
  end.abort();
  await bed.close();
});

const clock: Clock = { invokedAt: 0 };

function start(duty: Duty): Launch {
  clock.invokedAt = performance.now();
  const puppet = createPuppet({ bed, duty, clock });
  launches.push(puppet);
  onStart(puppet);
  return puppet.launch;
}

const keeping = (options: Partial<Renewal> = {}) =>
  keep(start('active'), {
    start,
    front: { show: (joined) => void shown.push(joined), idle: async () => undefined },
    input: { give: () => undefined },
    renewal: { ...renewal, ...options },
    stopping: stopping.signal,
    log: { ...SILENT_LOGGER, warn: (line) => void logged.push(line) },
    signal: end.signal,
  });

/** The ids of the nodes that a neighbour finds under the service's name. */
const named = () =>
  [...web.members().values()].filter(({ names }) => names.includes('worker')).map(({ id }) => id);
const idOf = async (puppet: Puppet | undefined) => (await puppet?.launch.joined)?.overlay.nodeId;
const nextStart = () =>
  new Promise<Puppet>((resolve) => {
    onStart = resolve;
  });

test('the successor takes over when it listens on the old function’s ports, and then the old function ends', async () => {
  const kept = keeping();
  const [old] = launches;
  await old?.run([80, 90]);
  const next = await nextStart();
  const seen: number[] = [];
  web.onChange(() => seen.push(named().length));
  await next.run([80]);
  const id = (await idOf(next)) ?? 0;
  await until(web, () => web.members().get(id)?.ports.length === 1);
  expect([named(), shown.length]).toEqual([[await idOf(old)], 1]);
  await next.listen([80, 90]);
  await until(web, () => named().join() === String(id));
  expect(shown[1]).toBe(await next.launch.joined);
  expect(Math.min(...seen)).toBeGreaterThan(0);
  old?.exit(130);
  next.exit(3);
  expect(await kept).toMatchObject({ exitCode: 3 });
});

test('an old guest that ignores its stop signal is killed', async () => {
  const kept = keeping();
  const [old] = launches;
  await old?.run();
  const next = await nextStart();
  await next.run();
  await old?.launch.gone;
  expect(old?.signals).toEqual(['SIGINT', 'SIGKILL']);
  next.exit(0);
  expect(await kept).toMatchObject({ exitCode: 0 });
});

test('a guest that ends by itself is not renewed, even while a successor starts', async () => {
  const kept = keeping();
  await launches[0]?.run();
  const next = await nextStart();
  launches[0]?.exit(4);
  await next.ended;
  expect(await kept).toMatchObject({ exitCode: 4 });
  expect(launches).toHaveLength(2);
});

test('a successor whose old function dies has the names at once, and takes over as soon as its guest runs', async () => {
  const kept = keeping();
  const [old] = launches;
  await old?.run([80]);
  const next = await nextStart();
  old?.die('killed');
  const id = await idOf(next);
  await until(web, () => named().join() === String(id));
  expect(shown).toHaveLength(1);
  // The successor does not listen yet, but the function whose ports it would have to match is gone.
  await next.run();
  while (shown.length < 2) await new Promise((resolve) => setImmediate(resolve));
  next.exit(5);
  expect(await kept).toMatchObject({ exitCode: 5 });
});

test('when the function and its successor both die, the container exits with the outcome of the old function', async () => {
  const kept = keeping();
  await launches[0]?.run();
  const next = await nextStart();
  launches[0]?.die('the function was killed');
  next.die('throttled');
  expect(await kept).toEqual({ exitCode: 137, lastLine: 'the function was killed' });
});

test('a successor that does not start is tried again while there is time, and the log reports it', async () => {
  onStart = (puppet) => void (launches.length === 2 && puppet.die('Rate exceeded'));
  const kept = keeping();
  await launches[0]?.run();
  const third = await new Promise<Puppet>((resolve) => {
    const before = onStart;
    onStart = (puppet) => (launches.length === 3 ? resolve(puppet) : before(puppet));
  });
  await third.run();
  const id = await idOf(third);
  await until(web, () => named().join() === String(id));
  expect(logged).toEqual([
    expect.stringMatching(/^a successor .* does not start: Rate exceeded; again in 1 s$/),
  ]);
  third.exit(0);
  launches[0]?.exit(0);
  await kept;
});

test('a function without a successor gets its stop signal in time, and the container exits with 124', async () => {
  onStart = (puppet) => void (launches.length > 1 && puppet.die('Rate exceeded'));
  const kept = keeping({ lifetime: 3, before: 2.8 });
  const [old] = launches;
  await old?.run();
  await new Promise<void>((resolve) => {
    const look = () => (old?.signals.length ? resolve() : void setImmediate(look));
    look();
  });
  expect(old?.signals).toEqual(['SIGINT']);
  old?.exit(0);
  const outcome = await kept;
  expect(outcome).toMatchObject({ exitCode: 124 });
  expect(outcome.lastLine).toMatch(/no successor has started: Rate exceeded$/);
  expect(performance.now() - clock.invokedAt).toBeLessThan(3000);
});

test('a container that has been told to stop starts no further successor', async () => {
  const kept = keeping();
  await launches[0]?.run();
  const next = await nextStart();
  await next.run([80]);
  stopping.abort();
  launches[0]?.exit(143);
  expect(await kept).toMatchObject({ exitCode: 143 });
  expect(launches).toHaveLength(2);
});

test('a hand-over waits for a seed that is restarted meanwhile', async () => {
  const kept = keeping();
  const [old] = launches;
  await old?.run([80]);
  const next = await nextStart();
  await next.run();
  await bed.stopSeed();
  const listening = next.listen([80]);
  await bed.startSeed();
  await listening;
  const id = await idOf(next);
  await until(web, () => named().join() === String(id) && web.members().get(id ?? 0)?.state === 'up');
  old?.exit(0);
  next.exit(6);
  expect(await kept).toMatchObject({ exitCode: 6 });
});

test('a successor that can start only after the old function has ended takes over then', async () => {
  const kept = keeping({ lifetime: 3, before: 2.8, stopGracePeriod: 0.2 });
  const [old] = launches;
  await old?.run([80]);
  const next = await nextStart();
  // So it happens where the function's reserved concurrency is used up.
  await old?.launch.gone;
  expect(old?.signals).toEqual(['SIGINT', 'SIGKILL']);
  expect(performance.now() - clock.invokedAt).toBeLessThan(3000);
  await next.run();
  while (shown.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const id = await idOf(next);
  await until(web, () => named().join() === String(id));
  next.exit(8);
  expect(await kept).toMatchObject({ exitCode: 8 });
});
