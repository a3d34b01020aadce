import { expect, test } from '@jest/globals';
import { errnoNameOf } from '../service/errno.ts';
import { ControlError, describeFailure } from './control-error.ts';

/** What a wait under AbortSignal.timeout() rejects with. */
async function timeOut(): Promise<unknown> {
  const signal = AbortSignal.timeout(1);
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return signal.reason;
}

test('errors are described to peers and guests by their errno, ETIMEDOUT included', async () => {
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
