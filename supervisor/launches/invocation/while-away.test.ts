import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { freePort } from '../../network/relay/socket-testbed.ts';
import { whileAway } from './while-away.ts';

const { signal } = new AbortController();

const dial = async (port: number) => {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
  return 'there';
};

test('the request succeeds once a server that starts late listens', async () => {
  const port = await freePort();
  const server = createServer((socket) => socket.destroy());
  let refused = 0;
  const send = () =>
    dial(port).catch((error: unknown) => {
      refused += 1;
      if (refused === 3) server.listen(port, '127.0.0.1');
      throw error;
    });
  expect(await whileAway(send, signal)).toBe('there');
  expect(refused).toBeGreaterThanOrEqual(3);
  server.close();
});

test('a server that never listens is given up after the time, and other errors are not retried', async () => {
  const port = await freePort();
  await expect(whileAway(() => dial(port), signal, 50)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  let sent = 0;
  const broken = async () => {
    sent += 1;
    throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
  };
  await expect(whileAway(broken, signal)).rejects.toThrow('cut');
  expect(sent).toBe(1);
  const stop = new AbortController();
  const waiting = whileAway(() => dial(port), stop.signal);
  setImmediate(() => stop.abort(new Error('no more')));
  await expect(waiting).rejects.toThrow('no more');
});
