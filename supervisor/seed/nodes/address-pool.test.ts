import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AddressPool, isOutside } from './address-pool.ts';
import { addressAt, lastNodeId, offsetOf, parseRange } from './overlay-range.ts';

const range = parseRange('198.18.0.0/15');
const pool = (places: number, cidr = '198.18.0.0/15') =>
  new AddressPool(parseRange(cidr), () => ({}), undefined, places);

test('offsetOf() is undefined outside the range, and parseRange() refuses invalid ranges', () => {
  expect(addressAt(range, 1)).toBe('198.18.0.1');
  expect(addressAt(range, 65_536)).toBe('198.19.0.0');
  expect(offsetOf(range, '198.19.255.255')).toBe(131_071);
  for (const other of ['198.20.0.0', '198.17.255.255', '198.18.0', 'redis', '', '198.18.0.256'])
    expect(offsetOf(range, other)).toBeUndefined();
  expect(lastNodeId(range)).toBe(65_535);
  expect(parseRange('198.18.77.1/15').base).toBe(range.base);
  for (const wrong of ['198.18.0.0', '198.18.0.0/33', '198.18.0.0/31', 'x/15', '::/15'])
    expect(() => parseRange(wrong)).toThrow(wrong);
});

test('hosts get and keep distinct addresses of the upper half; another pool gives the same ones', () => {
  const first = pool(4096);
  const second = pool(4096);
  fc.assert(
    fc.property(fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: 50 }), (hosts) => {
      const places = hosts.map((host) => first.take(host).overlay);
      expect(new Set(places).size).toBe(hosts.length);
      expect(places.every((place) => isOutside(range, place))).toBe(true);
      expect(hosts.map((host) => first.find(first.take(host).overlay)?.address)).toEqual(hosts);
    }),
    { numRuns: 20 },
  );
  expect(first.take('172.18.0.2').overlay).toBe(second.take('172.18.0.2').overlay);
});

test('a full pool drops the least recently used host', () => {
  const small = pool(3);
  const [a, b] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((host) => small.take(host).overlay);
  small.find(a ?? '');
  small.take('10.0.0.4');
  expect(small.find(b ?? '')).toBeUndefined();
  expect(small.find(a ?? '')?.address).toBe('10.0.0.1');
});

test('a pool with a tiny range gives out all its addresses', () => {
  const tiny = pool(4096, '198.18.0.0/28');
  const places = Array.from({ length: 20 }, (_, index) => tiny.take(`10.0.0.${index}`).overlay);
  expect(new Set(places).size).toBe(7);
});
