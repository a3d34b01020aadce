import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DEFLATE, inflated } from '../../control/deflated.ts';
import { dialControl } from '../../control/dial.ts';
import { encodeFrame, type Frame, FrameDecoder, FrameFlag } from '../../control/frame.ts';
import { unchecked } from '../../control/message.ts';
import { newServiceIdentity, pskOf, serviceKey } from '../../control/psk.ts';
import { TLS_OPTIONS } from '../../control/tls-options.ts';
import { Hello } from '../../protocol/greeting.ts';
import { Join, Leave } from '../../protocol/join.ts';
import { MembershipChanged, type MembershipUpdate } from '../../protocol/membership.ts';
import { createTestbed, projectKey, type Testbed } from '../overlay-testbed.ts';

let bed: Testbed;

beforeEach(async () => {
  bed = await createTestbed();
});
afterEach(() => bed.close());

/** Joins `count` members of 16 KB each. `networkOf` returns the network of a member. */
const talkative = (count: number, networkOf: (node: number) => string) =>
  Promise.all(
    Array.from({ length: count }, (_, node) => {
      const names = Array.from({ length: 64 }, (_, name) => `${node}-${name}-${'x'.repeat(230)}`);
      return bed.join('api', { networks: { [networkOf(node)]: names } });
    }),
  );

/**
 * Returns networks that all have `web`; the other members are on one of them each, so they do not see each
 * other.
 */
const everywhere = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, node) => [`network-${node}`, ['web']]));

/** Joins as `service`, leaves, and returns the membership frames that arrived in between. */
async function heard(service: string, capabilities: readonly string[]): Promise<Frame[]> {
  const identity = newServiceIdentity(service);
  const psk = pskOf(serviceKey(projectKey, service), identity);
  const socket = connect({ ...TLS_OPTIONS, port: bed.seed.port, pskCallback: () => ({ identity, psk }) });
  const send = (type: number, id: number, body: object) =>
    socket.write(encodeFrame({ type, flags: 0, id, body: Buffer.from(JSON.stringify(body)) }));
  const join = { role: 'container', service, hostname: '', container: '', via: '' };
  const local = { address: '127.0.0.1', port: 1 };
  send(Hello.number, 1, { version: 1, capabilities });
  send(Join.number, 2, { ...join, networks: { front: [service] }, local });
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  for await (const chunk of socket) {
    for (const frame of decoder.push(chunk)) {
      if (frame.type === MembershipChanged.number) frames.push(frame);
      else if (frame.id === 2) send(Leave.number, 3, {});
    }
  }
  return frames;
}

test('a snapshot that is larger than a socket’s buffer is sent once', async () => {
  const [talker] = await talkative(12, () => 'front');
  const identity = newServiceIdentity('web');
  const key = pskOf(serviceKey(projectKey, 'web'), identity);
  const session = await dialControl({ host: '127.0.0.1', port: bed.seed.port, identity, key });
  const updates: MembershipUpdate[] = [];
  const heard = Promise.withResolvers<void>();
  session.onNotification(MembershipChanged, (update) => {
    updates.push(update);
    if (update.nodes.some(({ ports }) => ports.includes(7))) heard.resolve();
  });
  await session.request(Hello, { version: 1 });
  const join = { role: 'container', service: 'web', hostname: '', container: '', via: '' };
  await session.request(unchecked(Join.number), {
    ...join,
    networks: { front: ['web'] },
    local: session.local,
  });
  await talker?.setListening([7]);
  await heard.promise;
  expect(updates.filter(({ snapshot }) => snapshot)).toHaveLength(1);
  await session.close();
});

test('a node has the whole membership when it has joined, even if it takes many messages', async () => {
  await talkative(40, (node) => `network-${node}`);
  const node = await bed.join('web', { networks: everywhere(40) });
  expect(node.members().size).toBe(41);
});

test('nodes that accept deflated frames get the same membership as all others', async () => {
  const everybody = Array.from({ length: 20 }, (_, index) => bed.join(`s${index}`));
  await Promise.all(everybody);
  const frames = (capabilities: string[]) => heard('web', capabilities);
  const [plain, packed] = [await frames([]), await frames([DEFLATE])];
  expect(plain.map(({ flags }) => flags)).not.toContain(FrameFlag.deflated);
  expect(packed.map(({ flags }) => flags)).toContain(FrameFlag.deflated);
  const size = (some: readonly Frame[]) => some.reduce((sum, { body }) => sum + body.length, 0);
  expect(size(packed)).toBeLessThan(size(plain) / 2);
  // A node that has just joined may be reported twice.
  const names = (some: readonly Frame[]) =>
    new Set(
      some
        .map((frame) => (frame.flags & FrameFlag.deflated ? inflated(frame) : frame.body))
        .flatMap((body) => MembershipChanged.parse(JSON.parse(String(body))).nodes)
        .flatMap(({ names: [name = ''] }) => (name.startsWith('s') ? [name] : [])),
    );
  expect(names(packed)).toEqual(names(plain));
  expect(names(plain).size).toBe(everybody.length);
});

test('nodes that join at the same moment see each other at once', async () => {
  const nodes = await Promise.all(Array.from({ length: 30 }, (_, index) => bed.join(`s${index}`)));
  for (const node of nodes) expect(node.members().has(node.nodeId)).toBe(true);
  const last = await bed.join('last');
  expect(last.members().size).toBe(31);
});
