import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { createBoundConnections, farEnds } from './bound-connections.ts';

test('has() is true for a connection from a bound port while the kernel has the connection', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const there = { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const socket = connect(there.port, there.address);
  const [accepted] = await once(server, 'connection');
  const peer = { address: '198.18.0.2', port: 80 };
  const connections = createBoundConnections();
  const port = socket.localPort ?? 0;
  expect(connections.has(port, peer)).toBe(false);
  connections.add(port, peer, there);
  expect(connections.has(port, peer)).toBe(true);
  expect(connections.has(port, { ...peer, port: 81 })).toBe(false);
  socket.resetAndDestroy();
  // A reset emits 'error' before 'close', and once() would reject with the error.
  await new Promise((resolve) => accepted.on('error', () => undefined).once('close', resolve));
  expect(connections.has(port, peer)).toBe(false);
  server.close();
});

test('farEnds() returns the IPv4 far ends of one local port, from rows of both families', () => {
  const text = [
    '   0: 0100007F:1388 0900420A:1BBC 01 00000000:00000000',
    '   1: 0000000000000000FFFF00000100007F:1388 0000000000000000FFFF00000900420A:1BBD 06 00000000:00000000',
    '   2: 0100007F:1389 0900420A:1BBE 01 00000000:00000000',
    '   3: B80D0120000000000000000001000000:1388 B80D0120000000000000000002000000:0050 01',
    'nonsense',
  ].join('\n');
  expect(farEnds(text, 5000)).toEqual(['10.66.0.9:7100', '10.66.0.9:7101']);
});
