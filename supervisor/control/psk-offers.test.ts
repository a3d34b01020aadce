import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ControlListener, listenControl } from './listen.ts';
import { newNonce, pskOf } from './psk.ts';
import type { PskOffer } from './raw-tls-testbed/client-hello.ts';
import { RawTlsClient } from './raw-tls-testbed/raw-tls-client.ts';

/**
 * A client that offers lists of keys, as an honest one never does. `session/...` is known, `gone/...` is
 * refused.
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
/** Of somebody else: the client knows the identity and not the key. */
const others = (): PskOffer => ({ ...own(), key: Buffer.alloc(32, 9) });
const refused = (): PskOffer => ({ ...own(`gone/${newNonce()}`), key: Buffer.alloc(32, 9) });

async function open(offers: readonly PskOffer[], afterRetry?: readonly PskOffer[]): Promise<RawTlsClient> {
  const client = await RawTlsClient.connect({ port: listener.port, offers, afterRetry });
  clients.push(client);
  return client;
}

/** The identities under which the server serves the next connection. */
async function servedAs(offers: readonly PskOffer[], afterRetry?: readonly PskOffer[]): Promise<string[]> {
  const before = served.length;
  const reached = new Promise<void>((resolve) => {
    onServed = resolve;
  });
  const client = await open(offers, afterRetry);
  // The server decides when it has the client's last message: it serves the connection or ends it.
  await Promise.race([reached, client.ended()]);
  return served.slice(before);
}

const nameOf = ({ identity }: PskOffer) => identity.toString();

async function ticketOf(offer: PskOffer): Promise<PskOffer> {
  const client = await open([offer]);
  const ticket = await client.ticket();
  return ticket;
}

test('a single key is served under its identity', async () => {
  const mine = own();
  await expect(servedAs([mine])).resolves.toEqual([nameOf(mine)]);
});

test('a refused identity in front of an own session ticket is not served', async () => {
  const ticket = await ticketOf(own());
  served = [];
  await expect(servedAs([refused(), ticket])).rejects.toThrow(/alert/);
  expect(served).toEqual([]);
});

test('no session ticket resumes a session, alone, twice, or behind a HelloRetryRequest', async () => {
  const ticket = await ticketOf(own());
  served = [];
  for (const offers of [[ticket], [ticket, ticket], [ticket, refused()], [refused(), refused(), ticket]]) {
    await expect(servedAs(offers)).rejects.toThrow(/alert/);
    await expect(servedAs(offers, offers)).rejects.toThrow(/alert/);
  }
  expect(served).toEqual([]);
});

test('a session ticket beside an own key changes nothing: that key is what is proven', async () => {
  const mine = own();
  const ticket = await ticketOf(mine);
  const next = own();
  await expect(servedAs([ticket, next])).resolves.toEqual([nameOf(next)]);
  await expect(servedAs([next, ticket])).resolves.toEqual([nameOf(next)]);
});

test('of two known keys the first is taken, and its identity served', async () => {
  const [first, second] = [own(), own()];
  await expect(servedAs([first, second])).resolves.toEqual([nameOf(first)]);
  await expect(servedAs([first, first])).resolves.toEqual([nameOf(first)]);
});

test('a refused identity in front of an own key leaves the own identity', async () => {
  const mine = own();
  await expect(servedAs([refused(), mine])).resolves.toEqual([nameOf(mine)]);
  await expect(servedAs([mine, refused()])).resolves.toEqual([nameOf(mine)]);
});

test('another’s identity is never served, wherever in the list it is', async () => {
  const mine = own();
  await expect(servedAs([others(), mine])).rejects.toThrow(/alert/);
  await expect(servedAs([others()])).rejects.toThrow(/alert/);
  expect(served).toEqual([]);
  await expect(servedAs([mine, others()])).resolves.toEqual([nameOf(mine)]);
});

test('a client that proves one key, and another after a HelloRetryRequest, is served under neither', async () => {
  const [first, second] = [own(), own()];
  await expect(servedAs([first], [first])).resolves.toEqual([nameOf(first)]);
  await expect(servedAs([first], [others()])).rejects.toThrow(/alert/);
  await expect(servedAs([first], [refused()])).rejects.toThrow(/alert/);
  await expect(servedAs([first], [second]).catch(() => [])).resolves.toEqual([]);
});
