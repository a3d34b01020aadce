import { expect, test } from '@jest/globals';
import type { Service } from '../model.ts';
import { serviceSettings } from '../settings.ts';
import type { ServiceInput } from '../x-boxer-schema.ts';
import { renewalOf } from './renewal.ts';

const renewal = (input: ServiceInput, service: Service = {}, stopSignal = '') =>
  renewalOf(service, { stopSignal }, serviceSettings(input));
const usual = { stopSignal: 'SIGTERM', stopGracePeriod: 10 };

test('a renewal begins early enough for a start and the grace period, and no earlier', () => {
  expect(renewal('lambda')).toEqual({ lifetime: 900, before: 70, ...usual });
  expect(renewal({ timeout: 30 })).toEqual({ lifetime: 30, before: 15, ...usual });
  expect(renewal({ lifetime: '10m', renew: { before: '2m' } })).toEqual({
    lifetime: 600,
    before: 120,
    ...usual,
  });
});

test('functions are not renewed if renewal is off or the timeout is too short', () => {
  expect([renewal({ renew: false }), renewal({ timeout: 5 })]).toEqual([undefined, undefined]);
});

test.each([
  [{}, '', 'SIGTERM', 10],
  [{}, 'SIGQUIT', 'SIGQUIT', 10],
  [{ stop_signal: 'INT' }, 'SIGQUIT', 'SIGINT', 10],
  [{ stop_signal: '3', stop_grace_period: '1m30s' }, '', 'SIGQUIT', 90],
  [{ stop_signal: 'RTMIN+3', stop_grace_period: '500ms' }, '', 'SIGTERM', 0.5],
])(
  'a function of the service %j with the stop signal %j of its image gets %s and %d s',
  (service, image, stopSignal, stopGracePeriod) => {
    expect(renewal('lambda', service, image)).toMatchObject({ stopSignal, stopGracePeriod });
  },
);
