import { describe, expect, test } from '@jest/globals';
import { NAT_KINDS, type NatKind } from '../protocol/offer.ts';
import { choose, type OrderFacts, orderOf } from './choose.ts';

const facts = (nat: NatKind) => ({ nat, filtering: 'silent' }) as const;

test('a connection is direct without NAT, punched if ports are predictable, and relayed otherwise', () => {
  const table = NAT_KINDS.map((own) =>
    NAT_KINDS.map((peer) => choose(facts(own), facts(peer)).transport).join(' '),
  );
  //               none   preserving mapped symmetric unknown
  expect(table).toEqual([
    'direct punch punch relay relay',
    'direct punch punch relay relay',
    'direct punch punch relay relay',
    'direct relay relay relay relay',
    'direct relay relay relay relay',
  ]);
});

describe('the order of the first packets', () => {
  const far: OrderFacts = {
    rtt: 20,
    ownFiltering: 'silent',
    isOpen: false,
    peerFiltering: 'silent',
    isListening: true,
    isHairpin: false,
  };
  const order = (change: Partial<OrderFacts>) => orderOf({ ...far, ...change });

  test('the first packet follows the introduction to a far acceptor; a near one has to answer first', () => {
    expect(order({})).toEqual({ order: 'ahead', mayBeReset: false });
    expect(order({ rtt: 0.3 })).toEqual({ order: 'answered', mayBeReset: false });
    expect(order({ ownFiltering: 'resetting' })).toEqual({ order: 'ahead', mayBeReset: false });
  });

  test('without NAT the guest’s packet leaves at once: its host would reset a near acceptor’s packet', () => {
    const near = { rtt: 0.3, ownFiltering: 'resetting', isOpen: true } as const;
    expect(order(near)).toEqual({ order: 'at once', mayBeReset: false });
    expect(order({ ...near, isListening: false })?.order).toBe('answered');
    expect(order({ ...near, rtt: 20 })?.order).toBe('ahead');
    expect(order({ ...near, peerFiltering: 'resetting' })?.order).not.toBe('at once');
  });

  test('a NAT that resets is opened before the packet leaves, unless this side would close it again', () => {
    expect(order({ peerFiltering: 'resetting' })).toEqual({ order: 'answered', mayBeReset: false });
    expect(order({ peerFiltering: 'resetting', ownFiltering: 'resetting' })).toEqual({
      order: 'ahead',
      mayBeReset: true,
    });
    expect(order({ peerFiltering: 'unknown', ownFiltering: 'unknown' })).toEqual({
      order: 'ahead',
      mayBeReset: true,
    });
    expect(order({ peerFiltering: 'resetting', ownFiltering: 'resetting', rtt: 0.3 })).toBeUndefined();
    expect(order({ peerFiltering: 'resetting', ownFiltering: 'resetting', rtt: undefined })).toBeUndefined();
  });

  test('the first packet waits for the acceptor’s answer if the port is not known to have a listener', () => {
    for (const peerFiltering of ['silent', 'resetting'] as const)
      for (const isHairpin of [true, false])
        expect(order({ peerFiltering, isHairpin, isListening: false })?.order).toBe('answered');
  });
});
