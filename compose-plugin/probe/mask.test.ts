import { expect, test } from '@jest/globals';
import { masked } from './mask.ts';

test('masked() replaces every address by a word, and equal addresses by the same word', () => {
  const report = {
    observed: { address: '203.0.113.7', port: 4711 },
    error: 'connect ECONNREFUSED 203.0.113.7:80 by way of 10.1.2.3',
    other: ['198.51.100.1', '172.31.0.9', '100.64.3.3', '203.0.113.7'],
    own: '169.254.76.1',
    kernel: '5.10.0-1.2.3.4.5',
    six: 'to 2001:db8::17 and fe80:0:0:0:1:2:3:4',
  };
  expect(masked(report)).toEqual({
    observed: { address: 'public-1', port: 4711 },
    error: 'connect ECONNREFUSED public-1:80 by way of private-1',
    other: ['public-2', 'private-2', 'private-3', 'public-1'],
    own: '169.254.76.1',
    kernel: '5.10.0-1.2.3.4.5',
    six: 'to ipv6 and ipv6',
  });
});

test("masked() replaces accounts and the seed's name, and keeps times, versions and limits", () => {
  const report = {
    error: 'arn:aws:lambda:eu-west-1:123456789012:function:x; seed.example.org: no answer',
    limits: { pending: '96365', memory: '1099511627776' },
    time: '12:34:56',
  };
  expect(masked(report, ['seed.example.org'])).toEqual({
    error: 'arn:aws:lambda:eu-west-1:account:function:x; seed: no answer',
    limits: { pending: '96365', memory: '1099511627776' },
    time: '12:34:56',
  });
});
