import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { dialControl } from '../control/dial.ts';
import { MessageType } from '../control/message-type.ts';
import { newServiceIdentity, pskOf, serviceKey } from '../control/psk.ts';
import type { MembershipUpdate } from './messages.ts';
import { createTestbed, projectKey, type Testbed } from './overlay-testbed.ts';
import { parseMembership } from './parse-messages.ts';

let bed: Testbed;

beforeEach(async () => {
  bed = await createTestbed();
});
afterEach(() => bed.close());

/** Members of 16 KB each. */
const talkative = (count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, node) =>
      bed.join('api', {
        networks: { front: Array.from({ length: 64 }, (_, name) => `${node}-${name}-${'x'.repeat(230)}`) },
      }),
    ),
  );

test('a membership that is more than a socket takes at once is told once', async () => {
  const [talker] = await talkative(12);
  const identity = newServiceIdentity('web');
  const key = pskOf(serviceKey(projectKey, 'web'), identity);
  const session = await dialControl({ host: '127.0.0.1', port: bed.seed.port, identity, key });
  const updates: MembershipUpdate[] = [];
  const heard = Promise.withResolvers<void>();
  session.onNotification(MessageType.membership, (body) => {
    const update = parseMembership(body);
    updates.push(update);
    if (update.nodes.some(({ ports }) => ports.includes(7))) heard.resolve();
  });
  await session.request(MessageType.hello, { version: 1 });
  const join = { role: 'container', service: 'web', hostname: '', container: '', via: '' };
  await session.request(MessageType.join, { ...join, networks: { front: ['web'] }, local: session.local });
  await talker?.setListening([7]);
  await heard.promise;
  expect(updates.filter(({ snapshot }) => snapshot)).toHaveLength(1);
  await session.close();
});

test('a membership of several messages is whole when the node has joined', async () => {
  await talkative(40);
  const node = await bed.join('web');
  expect(node.members().size).toBe(41);
});

test('nodes that come in the same moment see each other as soon as they have joined', async () => {
  const nodes = await Promise.all(Array.from({ length: 30 }, (_, index) => bed.join(`s${index}`)));
  for (const node of nodes) expect(node.members().has(node.nodeId)).toBe(true);
  const last = await bed.join('last');
  expect(last.members().size).toBe(31);
});
