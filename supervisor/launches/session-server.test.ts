import { afterEach, expect, test } from '@jest/globals';
import { dialControl } from '../control/dial.ts';
import { Claim, Started } from '../protocol/stdio.ts';
import { startSessionServer } from './session-server.ts';

const stop = new AbortController();
afterEach(() => stop.abort());

test('messages that arrive in the same packet as a claim find their handlers', async () => {
  const heard = Promise.withResolvers<string>();
  const { port, identity, key } = await startSessionServer(stop.signal, (session) =>
    session.onNotification(Started, () => heard.resolve('started')),
  );
  const credentials = { identity, key: Buffer.from(key, 'hex') };
  const session = await dialControl({ host: '127.0.0.1', port, ...credentials, signal: stop.signal });
  session.notify(Claim, {});
  session.notify(Started, { pid: 1 });
  expect(await heard.promise).toBe('started');
});
