/** Runs many lean nodes in one process, which gets its orders from bench/control.ts over the IPC channel. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Connect } from '../../../supervisor/protocol/flows.ts';
import { Listening } from '../../../supervisor/protocol/membership.ts';
import { joinLean, type LeanNode, now } from './lean-node.ts';
import type { Order, Report } from './orders.ts';
import { projectKey } from './project-key.ts';

const [port = 0] = process.argv.slice(2).map(Number);
const nodes: LeanNode[] = [];
/** The port of a guest that is reached through the relay. No guest listens on it. */
const GUEST_PORT = 80;

async function answerIntroduction(relay: { address: string; port: number }, token: string): Promise<void> {
  const socket = connect(relay.port, relay.address).on('error', () => undefined);
  socket.write(Buffer.from(token, 'hex'));
  socket.resume();
  await once(socket, 'connect');
}

/** A busy seed refuses nodes. A refused node tries again after a growing pause, as a real one does. */
async function joinPatiently(): Promise<LeanNode> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await joinLean({ port, projectKey, service: 'bench', introduce: answerIntroduction });
    } catch (error) {
      if (attempt === 9) throw error;
      await delay(20 * 2 ** Math.min(attempt, 6) * (0.5 + Math.random() / 2));
    }
  }
}

/** Joins `count` nodes within `spread` ms or, if `spread` is 0, `atOnce` nodes at a time. */
async function join({ count, spread, atOnce }: Extract<Order, { kind: 'join' }>): Promise<Report> {
  const took: number[] = [];
  const start = now();
  const one = async () => {
    const began = now();
    nodes.push(await joinPatiently());
    took.push(now() - began);
  };
  if (spread > 0)
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        await delay((index / count) * spread);
        await one();
      }),
    );
  else {
    let left = count;
    const lane = async () => {
      while (left-- > 0) await one();
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
  }
  return { kind: 'joined', from: start, to: now(), took };
}

/** Reports when each node knew `count` nodes. */
async function know(count: number): Promise<Report> {
  return { kind: 'known', at: await Promise.all(nodes.map((node) => node.knows(count))) };
}

/** Joins one node after the other with `gap` ms in between, and reports when the seed had accepted each. */
async function arrive({ count, gap }: Extract<Order, { kind: 'arrive' }>): Promise<Report> {
  const arrived: { id: number; at: number }[] = [];
  for (let index = 0; index < count; index++) {
    const node = await joinPatiently();
    arrived.push({ id: node.id, at: now() });
    nodes.push(node);
    await delay(gap);
  }
  return { kind: 'arrived', nodes: arrived };
}

async function listen(): Promise<Report> {
  const [node] = nodes;
  await node?.request(Listening.number, { ports: [GUEST_PORT] });
  return { kind: 'listening', address: node?.address ?? '' };
}

/**
 * Opens `count` connections to `address`, `atOnce` at a time. Reports the ms from each request to its answer.
 */
async function introduce({ address, count, atOnce }: Extract<Order, { kind: 'introduce' }>): Promise<Report> {
  const took: number[] = [];
  let left = count;
  const lane = async (index: number) => {
    const node = nodes[nodes.length - 1 - index];
    while (left-- > 0) {
      const began = now();
      const { relay } = (await node?.request(Connect.number, { address, port: GUEST_PORT })) ?? {};
      took.push(now() - began);
      const socket = connect(Number(Reflect.get(Object(relay), 'port')), '127.0.0.1').on(
        'error',
        () => undefined,
      );
      await once(socket, 'connect');
      socket.resetAndDestroy();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, index) => lane(index)));
  return { kind: 'introduced', took };
}

async function obey(order: Order): Promise<Report> {
  switch (order.kind) {
    case 'join':
      return join(order);
    case 'know':
      return know(order.count);
    case 'arrive':
      return arrive(order);
    case 'listen':
      return listen();
    case 'introduce':
      return introduce(order);
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    (report) => process.send?.(report),
    (error: unknown) => process.send?.({ kind: 'failed', message: String(error) } satisfies Report),
  );
});
process.once('disconnect', () => process.exit());
