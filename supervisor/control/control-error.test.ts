import { expect, test } from '@jest/globals';
import { errnoNameOf } from '../service/errno.ts';
import { ControlError, describeFailure } from './control-error.ts';

/** Returns the abort reason of an AbortSignal.timeout(). */
async function timeOut(): Promise<unknown> {
  const signal = AbortSignal.timeout(1);
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return signal.reason;
}

test('any thrown value is described to peers and guests by an errno', async () => {
  const late = await timeOut();
  expect([describeFailure(late).errno, errnoNameOf(late)]).toEqual(['ETIMEDOUT', 'ETIMEDOUT']);
  const refused = new ControlError('ECONNREFUSED', 'nobody there');
  expect([describeFailure(refused), errnoNameOf(refused)]).toEqual([
    { errno: 'ECONNREFUSED', message: 'nobody there' },
    'ECONNREFUSED',
  ]);
  expect([describeFailure('odd'), errnoNameOf('odd')]).toEqual([{ errno: 'EIO', message: 'odd' }, undefined]);
  expect(describeFailure({ code: 'not an errno', message: 'x'.repeat(1000) })).toEqual({
    errno: 'EIO',
    message: 'x'.repeat(500),
  });
});
