import { expect, test } from '@jest/globals';
import { whileThrottled } from './throttled.ts';

const throttle = (fields: object = {}) =>
  Object.assign(new Error('Rate Exceeded.'), { name: 'TooManyRequestsException', ...fields });

/** A request that fails `times` times before it is answered. */
function failing(times: number, error: Error) {
  let sent = 0;
  return {
    send: async () => {
      sent += 1;
      if (sent <= times) throw error;
      return 'answer';
    },
    sent: () => sent,
  };
}

const options = (lines: string[] = []) => ({
  what: 'function f',
  say: (line: string) => void lines.push(line),
  signal: new AbortController().signal,
  first: 8,
  longest: 16,
});

test('each pause between attempts is longer, and the log shows its cause and its length', async () => {
  const lines: string[] = [];
  const { send, sent } = failing(3, throttle({ Reason: 'ConcurrentInvocationLimitExceeded' }));
  const started = performance.now();
  expect(await whileThrottled(send, options(lines))).toBe('answer');
  // At least half of 8, 16 and again 16 ms.
  expect(performance.now() - started).toBeGreaterThanOrEqual(19);
  expect(sent()).toBe(4);
  expect(lines).toEqual(
    [2, 3, 4].map((attempt) =>
      expect.stringMatching(
        new RegExp(
          `^function f: Lambda throttles \\(ConcurrentInvocationLimitExceeded\\); attempt ${attempt} in 0\\.0 s$`,
        ),
      ),
    ),
  );
});

test('the pause is as long as Lambda’s Retry-After asks for, up to the longest pause', async () => {
  const lines: string[] = [];
  const { send } = failing(1, throttle({ retryAfterSeconds: '0.3' }));
  await whileThrottled(send, { ...options(lines), longest: 300 });
  expect(lines).toEqual(['function f: Lambda throttles (Rate Exceeded.); attempt 2 in 0.3 s']);
});

test('the request fails with THROTTLED after the total time', async () => {
  const { send, sent } = failing(Number.POSITIVE_INFINITY, throttle());
  await expect(whileThrottled(send, { ...options(), total: 500 })).rejects.toMatchObject({
    code: 'THROTTLED',
    message: expect.stringMatching(/^function f: Lambda has throttled it \d+ times \(Rate Exceeded\.\)$/),
  });
  expect(sent()).toBeGreaterThan(1);
});

test('requests that failed otherwise are not sent again, as they may have started a function', async () => {
  for (const name of ['ServiceException', 'TimeoutError', 'AccessDeniedException', 'Error']) {
    const { send, sent } = failing(1, Object.assign(new Error(name), { name }));
    await expect(whileThrottled(send, options())).rejects.toThrow(name);
    expect(sent()).toBe(1);
  }
});

test('an abort ends the pause between two attempts', async () => {
  const stop = new AbortController();
  const { send, sent } = failing(Number.POSITIVE_INFINITY, throttle());
  const waiting = whileThrottled(send, { ...options(), first: 60_000, longest: 60_000, signal: stop.signal });
  setImmediate(() => stop.abort(new Error('the phantom ends')));
  await expect(waiting).rejects.toThrow('the phantom ends');
  expect(sent()).toBe(1);
});
