import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { createListenerView, type Listener, parseListeners, readListeners } from './listeners.ts';

const listen = (port: number, host: string) =>
  new Promise<{ port: number; close: () => void }>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      if (typeof address === 'object' && address)
        resolve({ port: address.port, close: () => server.close() });
    });
  });

describe('listening sockets, as the kernel reports them', () => {
  test('a wildcard listener is reached at the loopback address', async () => {
    const { port, close } = await listen(0, '0.0.0.0');
    expect(readListeners().get(port)).toEqual({ port, family: 4, reach: '127.0.0.1', loopbackOnly: false });
    close();
  });

  test('a dual-stack listener has family 6 and is reached at the IPv4 loopback address', async () => {
    const { port, close } = await listen(0, '::');
    expect(readListeners().get(port)).toEqual({ port, family: 6, reach: '127.0.0.1', loopbackOnly: false });
    close();
  });

  test('a listener on loopback is left out', async () => {
    const { port, close } = await listen(0, '127.0.0.1');
    expect(readListeners().has(port)).toBe(false);
    close();
  });

  test('a closed listener is no longer found', async () => {
    const { port, close } = await listen(0, '0.0.0.0');
    close();
    expect(readListeners().has(port)).toBe(false);
  });

  test('malformed lines, established connections and IPv6 addresses are left out', () => {
    const text = [
      '  sl  local_address rem_address   st tx_queue rx_queue',
      '   0: 0100007F:1F90 0100007F:A3B2 01 00000000:00000000',
      '   1: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A',
      'nonsense',
    ].join('\n');
    expect(parseListeners(text, 6)).toEqual([]);
  });

  test('a v4-mapped address of an AF_INET6 socket is read as IPv4', () => {
    const text = '  0: 0000000000000000FFFF0000050012AC:0050 00000000000000000000000000000000:0000 0A';
    expect(parseListeners(text, 6)).toEqual([
      { port: 80, family: 6, reach: '172.18.0.5', loopbackOnly: false },
    ]);
  });
});

test('find() returns a listener newer than the last look, and undefined if nobody listens', async () => {
  const view = createListenerView();
  view.refresh();
  const { port, close } = await listen(0, '0.0.0.0');
  expect(view.at(port)).toBeUndefined();
  const found = await Promise.all([view.find(port), view.find(port)]);
  expect(found.map((listener) => listener?.port)).toEqual([port, port]);
  close();
  view.refresh();
  expect(await view.find(port)).toBeUndefined();
});

test('refresh() calls the listeners of onRefresh() until they are removed, and find() does not', async () => {
  const view = createListenerView();
  const seen: (Listener | undefined)[] = [];
  const { port, close } = await listen(0, '0.0.0.0');
  const stop = view.onRefresh(() => seen.push(view.at(port)));
  await view.find(port);
  expect(seen).toEqual([]);
  view.refresh();
  stop();
  view.refresh();
  close();
  expect(seen).toEqual([expect.objectContaining({ port })]);
});
