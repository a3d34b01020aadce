import { expect, test } from '@jest/globals';
import { Slots } from './slots.ts';

const never = new AbortController().signal;

test('later callers wait for a place in their order, and a caller that gives up takes no place', async () => {
  const slots = new Slots(1);
  const leave = await slots.enter(never);
  const seen: string[] = [];
  const giveUp = new AbortController();
  const impatient = slots.enter(giveUp.signal).catch(() => seen.push('gave up'));
  const patient = slots.enter(never).then((next) => {
    seen.push('entered');
    return next;
  });
  const looking = slots.room(never).then(() => seen.push('room'));
  giveUp.abort(new Error('enough'));
  await impatient;
  leave();
  (await patient)();
  await looking;
  expect(seen).toEqual(['gave up', 'entered', 'room']);
  expect(slots.isIdle).toBe(true);
});
