import { expect, test } from '@jest/globals';
import { IllegalTransition, Session, UnknownRequest } from './session.ts';
import { failure, type Work } from './work.ts';

const work = (requestId: string): Work => ({
  requestId,
  functionArn: 'arn',
  traceId: 'trace',
  clientContext: undefined,
  payload: Buffer.from('{}'),
  deadline: 0,
  sink: { limit: 0, write: async () => {} },
});
const forever = new AbortController().signal;

test('a runtime gets work, responds, and waits for work again', async () => {
  const session = new Session();
  const first = session.next(forever);
  await session.idle();
  const outcome = session.deliver(work('a'));
  expect((await first).requestId).toBe('a');
  session.beginResponse('a');
  session.finish({ ok: true });
  expect(await outcome).toEqual({ ok: true });
  void session.next(forever);
  await session.idle();
});

test('work that arrives while the runtime reconnects is not lost', async () => {
  const session = new Session();
  const gone = new AbortController();
  void session.next(gone.signal);
  gone.abort();
  void session.deliver(work('a'));
  expect((await session.next(forever)).requestId).toBe('a');
});

test('calls that the state of the runtime does not allow are refused', async () => {
  const session = new Session();
  expect(() => session.beginResponse('a')).toThrow(UnknownRequest);
  const next = session.next(forever);
  expect(() => session.initError(failure('Runtime.X', 'late'))).toThrow(IllegalTransition);
  const outcome = session.deliver(work('a'));
  await next;
  expect(() => session.next(forever)).toThrow(IllegalTransition);
  expect(() => session.beginResponse('b')).toThrow(UnknownRequest);
  session.invocationError('a', failure('Function.X', 'bad'));
  expect(await outcome).toMatchObject({ ok: false, errorType: 'Function.X' });
  expect(() => session.invocationError('a', failure('Function.X', 'again'))).toThrow(IllegalTransition);
});
