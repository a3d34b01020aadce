import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { dialControl } from '../../control/dial.ts';
import { unchecked } from '../../control/message.ts';
import { newServiceIdentity, pskOf, serviceKey } from '../../control/psk.ts';
import type { Session } from '../../control/session.ts';
import { Nodes } from '../../protocol/admin.ts';
import { Join } from '../../protocol/join.ts';
import { Probe, ProbeMeet } from '../../protocol/probe.ts';
import { PROBE_SERVICE } from '../../published/probe.ts';
import { createTestbed, projectKey, type Testbed } from '../overlay-testbed.ts';

let bed: Testbed;
const sessions: Session[] = [];
beforeEach(async () => {
  bed = await createTestbed();
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await bed.close();
});

async function dial(service = PROBE_SERVICE): Promise<Session> {
  const identity = newServiceIdentity(service);
  const key = pskOf(serviceKey(projectKey, service), identity);
  const session = await dialControl({ host: '127.0.0.1', port: bed.seed.port, identity, key });
  sessions.push(session);
  return session;
}

const begin = (session: Session) => session.request(Probe, {});
const meet = (session: Session, side: string, step: string, value: unknown = null) =>
  session.request(unchecked(ProbeMeet.number), { pair: 'p', side, step, value });

test('a probe learns how the seed sees it, and is not listed as a node', async () => {
  const session = await dial();
  expect(await begin(session)).toEqual({ observed: session.local, filtering: 'resetting' });
  await expect(session.request(unchecked(Join.number), {})).rejects.toMatchObject({ code: 'ENOSYS' });
  await expect(session.request(Nodes, {})).rejects.toMatchObject({ code: 'ENOSYS' });
  expect(bed.seed.status().nodes).toEqual([]);
});

test('a connection of another service is not served as a probe', async () => {
  const session = await dial('worker');
  await expect(begin(session)).rejects.toMatchObject({ code: 'ENOSYS' });
});

test('the two functions of a pair exchange values step by step, whichever comes first', async () => {
  const [a, b, stranger] = await Promise.all([dial(), dial(), dial()]);
  await Promise.all([a, b, stranger].map(begin));
  const first = meet(a, 'a', 'one', { port: 1 });
  expect(await meet(b, 'b', 'one', { port: 2 })).toEqual({ value: { port: 1 } });
  expect(await first).toEqual({ value: { port: 2 } });
  const second = meet(b, 'b', 'two', 'x');
  expect(await meet(a, 'a', 'two', 'y')).toEqual({ value: 'x' });
  expect(await second).toEqual({ value: 'y' });
  // A step of the same name of another pair is another step.
  const alone = stranger.request(unchecked(ProbeMeet.number), { pair: 'q', side: 'b', step: 'three' });
  const third = meet(a, 'a', 'three');
  const told = expect(alone).rejects.toMatchObject({ code: 'ECONNRESET' });
  await stranger.close();
  await told;
  await meet(b, 'b', 'three');
  await third;
});

test('a function gets ECONNRESET when the other function, for which it waits, leaves', async () => {
  const [a, b] = await Promise.all([dial(), dial()]);
  await Promise.all([a, b].map(begin));
  await Promise.all([meet(a, 'a', 'one'), meet(b, 'b', 'one')]);
  const waiting = meet(a, 'a', 'two');
  const told = expect(waiting).rejects.toMatchObject({
    code: 'ECONNRESET',
    message: 'the other function has gone',
  });
  await b.close();
  await told;
});

test('a probe request is refused if it is too large or out of order, or one probe too many', async () => {
  const session = await dial();
  await expect(meet(session, 'a', 'one')).rejects.toMatchObject({ code: 'EPROTO' });
  await begin(session);
  await expect(meet(session, 'c', 'one')).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(meet(session, 'a', 'one', 'x'.repeat(20_000))).rejects.toMatchObject({ code: 'EINVAL' });
  const others = await Promise.all(Array.from({ length: 15 }, () => dial()));
  await Promise.all(others.map(begin));
  await expect(begin(await dial())).rejects.toMatchObject({ code: 'EAGAIN' });
  await others[0]?.close();
  await begin(await dial());
});
