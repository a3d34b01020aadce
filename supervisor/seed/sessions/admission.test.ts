import { afterEach, expect, jest, test } from '@jest/globals';
import { parseIdentity, pskOf, serviceKey } from '../../control/psk.ts';
import { LEASE } from '../nodes/lease.ts';
import { Admission, LAUNCH_TTL } from './admission.ts';

const projectKey = Buffer.alloc(32, 5);
const admission = new Admission(projectKey);

afterEach(() => {
  jest.useRealTimers();
});

const isGood = (identity: string) => admission.pskFor(identity) !== null;

test('a launch key is valid for two minutes, a return key for the lease', () => {
  jest.useFakeTimers();
  const launch = admission.launch('web', 7);
  const resume = admission.resume('container', 'web', 7, LEASE.container);
  expect(launch.expires - Date.now()).toBe(LAUNCH_TTL);
  expect(admission.pskFor(launch.identity)?.toString('hex')).toBe(launch.key);
  expect(admission.pskFor(resume.identity)?.toString('hex')).toBe(resume.key);
  jest.advanceTimersByTime(LAUNCH_TTL);
  expect([launch, resume].map(({ identity }) => isGood(identity))).toEqual([true, true]);
  jest.advanceTimersByTime(1);
  expect([launch, resume].map(({ identity }) => isGood(identity))).toEqual([false, true]);
  jest.advanceTimersByTime(LEASE.container);
  expect(isGood(resume.identity)).toBe(false);
});

test('the key of a launch or return is bound to node, service, expiry and role', () => {
  const { identity, key } = admission.launch('web', 7);
  const [, , node, expires] = identity.split('/');
  const others = [
    identity.replace('/web/', '/api/'),
    identity.replace(`/${node}/`, '/8/'),
    identity.replace(`${expires}`, `${Number(expires) + 60_000}`),
    identity.replace(/^launch/, 'resume/container'),
  ];
  for (const other of others) {
    expect(parseIdentity(other)).toBeDefined();
    expect(admission.pskFor(other)?.toString('hex')).not.toBe(key);
  }
});

test('keys of launches and returns that were derived without the current label are refused', () => {
  for (const { identity } of [admission.launch('web', 7), admission.resume('container', 'web', 7, 60_000)]) {
    expect(admission.pskFor(identity)).not.toBeNull();
    expect(admission.pskFor(identity)).not.toEqual(pskOf(projectKey, identity));
  }
});

test('the key of a service identity is derived from the service; unknown identities have no key', () => {
  const identity = `service/web/${'a1'.repeat(16)}`;
  expect(admission.pskFor(identity)).toEqual(pskOf(serviceKey(projectKey, 'web'), identity));
  expect(admission.pskFor('session/x')).toBeNull();
  expect(admission.pskFor('nonsense')).toBeNull();
});
