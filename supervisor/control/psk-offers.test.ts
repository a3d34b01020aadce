import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ControlListener, listenControl } from './listen.ts';
import { newNonce, pskOf } from './psk.ts';
import type { PskOffer } from './raw-tls-testbed/client-hello.ts';
import { RawTlsClient } from './raw-tls-testbed/raw-tls-client.ts';

/**
 * Tests with a client that offers lists of keys, as an honest client never does. The listener knows
 * identities `session/...` and refuses `gone/...`.
 */

const ikm = Buffer.alloc(32, 3);
let listener: ControlListener;
let served: string[];
let clients: RawTlsClient[];
let onServed: () => void;

beforeEach(async () => {
  served = [];
  clients = [];
  onServed = () => undefined;
  listener = await listenControl({
    port: 0,
    host: '127.0.0.1',
    pskFor: (identity) => (identity.startsWith('session/') ? pskOf(ikm, identity) : null),
    onSession: (_session, identity) => {
      served.push(identity);
      onServed();
    },
  });
});
afterEach(async () => {
  for (const client of clients) client.close();
  await listener.close();
});

const own = (identity = `session/${newNonce()}`): PskOffer => ({
  identity: Buffer.from(identity),
  key: pskOf(ikm, identity),
  kind: 'external',
});
/** An offer of another client's identity: the client knows the identity, but not its key. */
const others = (): PskOffer => ({ ...own(), key: Buffer.alloc(32, 9) });
const refused = (): PskOffer => ({ ...own(`gone/${newNonce()}`), key: Buffer.alloc(32, 9) });

async function open(offers: readonly PskOffer[], afterRetry?: readonly PskOffer[]): Promise<RawTlsClient> {
  const client = await RawTlsClient.connect({ port: listener.port, offers, afterRetry });
  clients.push(client);
  return client;
}

/** Returns the identities under which the server serves the next connection. */
async function servedAs(offers: readonly PskOffer[], afterRetry?: readonly PskOffer[]): Promise<string[]> {
  const before = served.length;
  const reached = new Promise<void>((resolve) => {
    onServed = resolve;
  });
  const client = await open(offers, afterRetry);
  // The server decides once it has the client's last message: it serves the connection or ends it.
  await Promise.race([reached, client.ended()]);
  return served.slice(before);
}

const nameOf = ({ identity }: PskOffer) => identity.toString();

async function ticketOf(offer: PskOffer): Promise<PskOffer> {
  const client = await open([offer]);
  const ticket = await client.ticket();
  return ticket;
}

test('a client that offers a single key is served under the identity of this key', async () => {
  const mine = own();
  await expect(servedAs([mine])).resolves.toEqual([nameOf(mine)]);
});

test('a client that offers a refused identity and then its own session ticket is not served', async () => {
  const ticket = await ticketOf(own());
  served = [];
  await expect(servedAs([refused(), ticket])).rejects.toThrow(/alert/);
  expect(served).toEqual([]);
});

test('a session ticket never resumes a session: not alone, twice, or after a HelloRetryRequest', async () => {
  const ticket = await ticketOf(own());
  served = [];
  for (const offers of [[ticket], [ticket, ticket], [ticket, refused()], [refused(), refused(), ticket]]) {
    await expect(servedAs(offers)).rejects.toThrow(/alert/);
    await expect(servedAs(offers, offers)).rejects.toThrow(/alert/);
  }
  expect(served).toEqual([]);
});

test('a client that offers a session ticket and its key is served under the key’s identity', async () => {
  const mine = own();
  const ticket = await ticketOf(mine);
  const next = own();
  await expect(servedAs([ticket, next])).resolves.toEqual([nameOf(next)]);
  await expect(servedAs([next, ticket])).resolves.toEqual([nameOf(next)]);
});

test('a client that offers two known keys is served under the identity of the first', async () => {
  const [first, second] = [own(), own()];
  await expect(servedAs([first, second])).resolves.toEqual([nameOf(first)]);
  await expect(servedAs([first, first])).resolves.toEqual([nameOf(first)]);
});

test('a client that offers a refused identity and its own key is served under its own identity', async () => {
  const mine = own();
  await expect(servedAs([refused(), mine])).resolves.toEqual([nameOf(mine)]);
  await expect(servedAs([mine, refused()])).resolves.toEqual([nameOf(mine)]);
});

test('a client is never served under another client’s identity, wherever in the list it is', async () => {
  const mine = own();
  await expect(servedAs([others(), mine])).rejects.toThrow(/alert/);
  await expect(servedAs([others()])).rejects.toThrow(/alert/);
  expect(served).toEqual([]);
  await expect(servedAs([mine, others()])).resolves.toEqual([nameOf(mine)]);
});

test('a client that offers another key after HelloRetryRequest is not served under either', async () => {
  const [first, second] = [own(), own()];
  await expect(servedAs([first], [first])).resolves.toEqual([nameOf(first)]);
  await expect(servedAs([first], [others()])).rejects.toThrow(/alert/);
  await expect(servedAs([first], [refused()])).rejects.toThrow(/alert/);
  await expect(servedAs([first], [second]).catch(() => [])).resolves.toEqual([]);
});
