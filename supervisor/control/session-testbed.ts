import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { dialControl } from './dial.ts';
import { type ListenOptions, listenControl } from './listen.ts';
import { bytes, notification } from './message.ts';
import { newNonce, pskOf } from './psk.ts';
import type { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';

const KEY = Buffer.alloc(32, 9);
const described = { from: 'a test', body: '', about: '', parse: (body: unknown) => body };

/** Heartbeats that give a silent peer up within 100 ms. */
export const FAST = { interval: 20, suspect: 3, dead: 5 };
export const STARTED = notification({ ...described, number: 38, name: 'started' });
export const EXIT = notification({ ...described, number: 34, name: 'exit' });
export const STDOUT = bytes({ number: 32, name: 'stdout', from: 'a test', about: '' });

/** Makes the connections of one test, and closes them. */
export class SessionTestbed {
  readonly #cleanups: Array<() => unknown> = [];

  /** Returns the two ends of one real TLS connection. */
  async pair(
    near: SessionOptions = {},
    far: SessionOptions = {},
  ): Promise<{ client: Session; server: Session; identity: string }> {
    const accepted = Promise.withResolvers<{ server: Session; identity: string }>();
    const port = await this.#listen({
      ...far,
      onSession: (server, identity) => accepted.resolve({ server, identity }),
    });
    const identity = `session/${newNonce()}`;
    const client = await dialControl({
      ...{ host: '127.0.0.1', port, key: pskOf(KEY, identity), identity },
      ...near,
    });
    this.#cleanups.push(() => client.close());
    return { client, ...(await accepted.promise) };
  }

  /** Returns both ends of a plain TCP connection, on which a test can send malformed data. */
  async plainPair(): Promise<[Socket, Socket]> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('no address');
    const near = connect(address.port, '127.0.0.1');
    const [far] = (await once(server, 'connection')) as [Socket];
    this.#cleanups.push(() => {
      near.destroy();
      far.destroy();
      server.close();
    });
    near.on('error', () => undefined);
    return [near, far];
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }

  async #listen(options: Pick<ListenOptions, 'onSession'> & SessionOptions): Promise<number> {
    const listener = await listenControl({
      port: 0,
      host: '127.0.0.1',
      pskFor: (identity) => (identity.startsWith('session/') ? pskOf(KEY, identity) : null),
      ...options,
    });
    this.#cleanups.push(() => listener.close());
    return listener.port;
  }
}
