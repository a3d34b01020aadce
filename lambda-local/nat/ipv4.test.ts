import { expect, test } from '@jest/globals';
import { hostsFromTheTop } from './ipv4.ts';

test('addresses come in descending order, without those of the broadcast and of the network', () => {
  expect([...hostsFromTheTop('10.0.0.9', 29)]).toEqual([
    '10.0.0.14',
    '10.0.0.13',
    '10.0.0.12',
    '10.0.0.11',
    '10.0.0.10',
    '10.0.0.9',
  ]);
});

test('networks above 128.0.0.0 give correct addresses', () => {
  expect(hostsFromTheTop('172.18.0.2', 16).next().value).toBe('172.18.255.254');
});
