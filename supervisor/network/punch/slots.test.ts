import { expect, test } from '@jest/globals';
import { Slots } from './slots.ts';

const never = new AbortController().signal;

test('who comes later waits for a place, in order, and one who gives up leaves none behind', async () => {
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
