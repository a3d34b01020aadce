import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createListenerView, type ListenerView } from './listeners.ts';
import { createListenerPublisher, type ListenerPublisher } from './publish-listeners.ts';

const servers: Server[] = [];
const gone: number[] = [];
/** The calls of `tell`, each with a function that answers it. */
const told: Array<{ ports: readonly number[]; answer: () => void }> = [];
let listeners: ListenerView;
let publisher: ListenerPublisher;
let wakeUp = () => {};

beforeEach(() => {
  listeners = createListenerView();
  publisher = createListenerPublisher({
    listeners,
    tell(ports) {
      const { promise, resolve } = Promise.withResolvers<void>();
      told.push({ ports, answer: resolve });
      wakeUp();
      return promise;
    },
    onGone: (port) => gone.push(port),
  });
});
afterEach(() => {
  publisher.close();
  for (const server of servers.splice(0)) server.close();
  told.length = 0;
  gone.length = 0;
});

async function listen(): Promise<number> {
  const server = createServer().listen(0, '0.0.0.0');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Resolves to the next call of `tell`. */
async function telling(): Promise<{ ports: readonly number[]; answer: () => void }> {
  for (;;) {
    const next = told.shift();
    if (next) return next;
    await new Promise<void>((resolve) => {
      wakeUp = resolve;
    });
  }
}

test('listeners that are reported together are published in one call, before any answer', async () => {
  const ports = [await listen(), await listen(), await listen()];
  for (const port of ports) publisher.hear(port);
  expect((await telling()).ports).toEqual(expect.arrayContaining(ports));
  expect(told).toEqual([]);
});

test('a change during a call of tell() is published when that call is answered', async () => {
  publisher.hear(await listen());
  const first = await telling();
  const second = await listen();
  publisher.hear(second);
  publisher.catchUp();
  expect(told).toEqual([]);
  first.answer();
  expect((await telling()).ports).toContain(second);
});

test('catchUp() publishes a reported listener, and does not look if nothing was reported', async () => {
  const port = await listen();
  publisher.catchUp();
  expect(told).toEqual([]);
  publisher.hear(port);
  publisher.catchUp();
  expect(told[0]?.ports).toContain(port);
});

test('a listener that a refresh by others finds is published until the publisher closes', async () => {
  const port = await listen();
  listeners.refresh();
  const { ports, answer } = await telling();
  expect(ports).toContain(port);
  answer();
  publisher.close();
  await listen();
  listeners.refresh();
  expect(told).toEqual([]);
});

test('onGone() is called for a reported port on which nobody listens', async () => {
  const port = await listen();
  servers.pop()?.close();
  publisher.hear(port);
  publisher.catchUp();
  expect(gone).toEqual([port]);
});
