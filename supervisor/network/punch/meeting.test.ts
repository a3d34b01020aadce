import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { codeOf } from '../../control/control-error.ts';
import { unchecked } from '../../control/message.ts';
import type { Session } from '../../control/session.ts';
import { type Offer, samePort } from '../../protocol/offer.ts';
import { dialUnread } from '../dial.ts';
import { fateOf } from '../relay/socket-testbed.ts';
import { listenOnce } from './listen-once.ts';
import { createLocalPorts } from './local-ports.ts';
import { answer, call } from './meeting.ts';
import { openTogether } from './open-together.ts';

const ports = createLocalPorts(() => false);
const within = (ms: number) => AbortSignal.timeout(ms);

/**
 * Returns the offer of a node at a loopback address. Every loopback address is this host, so two of them act
 * like two hosts without a NAT, which reset each other's early packets.
 */
function offerOf(address: string, privateAddress = address): Offer {
  return {
    nat: 'none',
    filtering: 'resetting',
    publicAddress: address,
    privateAddress,
    port: samePort(ports.next()),
    privatePort: 0,
    inboundPorts: [],
  };
}

const credentials = () => ({
  identity: `peer/1/2/${randomBytes(16).toString('hex')}`,
  key: randomBytes(32).toString('hex'),
});
const echo = (session: Session) => session.handle(unchecked(1), (body) => body);

describe('two nodes that open a connection together', () => {
  test('stop when they are aborted', async () => {
    const stop = new AbortController();
    const to = { host: '127.0.0.1', port: ports.next(), localPort: ports.next() };
    const open = openTogether(() => dialUnread(to, stop.signal), stop.signal);
    stop.abort(new Error('enough'));
    await expect(open).rejects.toThrow('enough');
  });

  /**
   * Lets two nodes meet that are on one network, behind a NAT that does not lead them back to each other.
   * Packets to this host leave from 127.0.0.1.
   */
  async function meetAtHome(callerKey: { key?: string } = {}, patience = 5000) {
    const ownOffer = offerOf('127.9.9.9', '127.0.0.3');
    const theirs = offerOf('127.9.9.9', '127.0.0.1');
    const both = credentials();
    const meeting = { onSession: echo, signal: within(patience) };
    const listener = await listenOnce('127.0.0.1', 4, meeting.signal);
    const caller = { nodeId: 1, address: '198.18.0.1', offer: ownOffer, ...both };
    const called = {
      nodeId: 2,
      address: '198.18.0.2',
      offer: { ...theirs, privatePort: listener.port },
      ...both,
    };
    return Promise.allSettled([
      call({ ...meeting, ownOffer, counterpart: { ...called, ...callerKey } }),
      answer({ ...meeting, ownOffer: theirs, counterpart: caller }, listener),
    ]);
  }

  test('use their common network if the path through their NAT does not work', async () => {
    const links = await meetAtHome();
    const [caller, called] = links.map((link) => (link.status === 'fulfilled' ? link.value : undefined));
    expect([caller?.path, called?.path]).toEqual(['private', 'private']);
    expect(await caller?.session.request(unchecked(1), { x: 1 })).toEqual({ x: 1 });
    expect(await called?.session.request(unchecked(1), { y: 2 })).toEqual({ y: 2 });
    await Promise.all([caller?.session.close(), called?.session.close()]);
  });

  test('refuse each other without the key that the seed gave to both', async () => {
    const links = await meetAtHome({ key: credentials().key }, 500);
    expect(links.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

test('listenOnce() resets connections of other hosts, and rejects when it is aborted', async () => {
  const stop = new AbortController();
  const listener = await listenOnce('127.0.0.2', 4, stop.signal);
  const stranger = dialUnread({ host: '127.0.0.1', port: listener.port }, within(1000));
  expect(await stranger.then(fateOf, codeOf)).toBe('ECONNRESET');
  stop.abort(new Error('nobody came'));
  await expect(listener.connection).rejects.toThrow('nobody came');
});
