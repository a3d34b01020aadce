import { describe, expect, test } from '@jest/globals';
import { NAT_KINDS, type NatKind } from '../protocol/offer.ts';
import { choose, type OrderFacts, orderOf } from './choose.ts';

const facts = (nat: NatKind) => ({ nat, filtering: 'silent' }) as const;

test('direct to a node without NAT, punched where ports can be known, relayed otherwise', () => {
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
    own: 'silent',
    isOpen: false,
    peer: 'silent',
    isListening: true,
    isHairpin: false,
  };
  const order = (change: Partial<OrderFacts>) => orderOf({ ...far, ...change });

  test('a far acceptor is introduced a moment ahead, a near one is asked', () => {
    expect(order({})).toEqual({ order: 'ahead', mayBeReset: false });
    expect(order({ rtt: 0.3 })).toEqual({ order: 'answered', mayBeReset: false });
    expect(order({ own: 'resetting' })).toEqual({ order: 'ahead', mayBeReset: false });
  });

  test('a host without a NAT would reset a near acceptor’s packet: its guest’s own is there first', () => {
    const near = { rtt: 0.3, own: 'resetting', isOpen: true } as const;
    expect(order(near)).toEqual({ order: 'at once', mayBeReset: false });
    expect(order({ ...near, isListening: false })?.order).toBe('answered');
    expect(order({ ...near, rtt: 20 })?.order).toBe('ahead');
    expect(order({ ...near, peer: 'resetting' })?.order).not.toBe('at once');
  });

  test('a NAT that resets is open before the packet leaves, if this side does not close it again', () => {
    expect(order({ peer: 'resetting' })).toEqual({ order: 'answered', mayBeReset: false });
    expect(order({ peer: 'resetting', own: 'resetting' })).toEqual({ order: 'ahead', mayBeReset: true });
    expect(order({ peer: 'unknown', own: 'unknown' })).toEqual({ order: 'ahead', mayBeReset: true });
    expect(order({ peer: 'resetting', own: 'resetting', rtt: 0.3 })).toBeUndefined();
    expect(order({ peer: 'resetting', own: 'resetting', rtt: undefined })).toBeUndefined();
  });

  test('where nobody is known to listen, the acceptor is asked before anything leaves', () => {
    for (const peer of ['silent', 'resetting'] as const)
      for (const isHairpin of [true, false])
        expect(order({ peer, isHairpin, isListening: false })?.order).toBe('answered');
  });
});
