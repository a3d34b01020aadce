import { connect, type TLSSocket } from 'node:tls';
import { DEFLATE, inflated } from '../../../supervisor/control/deflated.ts';
import { encodeFrame, type Frame, FrameDecoder, FrameFlag } from '../../../supervisor/control/frame.ts';
import { PING } from '../../../supervisor/control/message.ts';
import { newServiceIdentity, pskOf, serviceKey } from '../../../supervisor/control/psk.ts';
import { TLS_OPTIONS } from '../../../supervisor/control/tls-options.ts';
import { Introduce } from '../../../supervisor/protocol/flows.ts';
import { Hello } from '../../../supervisor/protocol/greeting.ts';
import { Join } from '../../../supervisor/protocol/join.ts';
import { MembershipChanged } from '../../../supervisor/protocol/membership.ts';

/**
 * A node that the seed cannot tell from a real one: it uses real TLS and real frames, sends heartbeats, and
 * follows the membership. So that a thousand of them fit into one process, it only searches the members' JSON
 * for ids and does not parse it.
 */
export interface LeanNode {
  readonly id: number;
  /** The overlay address. */
  readonly address: string;
  /** The number of different nodes of which the seed has told it. */
  known(): number;
  /** Resolves to the time (ms since the epoch) at which it first knew `count` nodes. */
  knows(count: number): Promise<number>;
  request(type: number, body: object): Promise<Record<string, unknown>>;
  close(): void;
}

export interface LeanOptions {
  readonly port: number;
  readonly projectKey: Buffer;
  readonly service: string;
  /** Dials the relay when another node wants a connection. */
  readonly introduce?:
    | ((relay: { address: string; port: number }, token: string) => Promise<void>)
    | undefined;
}

const ID = Buffer.from('"id":');
const HEARTBEAT = 1000;
const EMPTY = Buffer.from('{}');

export const now = () => performance.timeOrigin + performance.now();

/** Marks the ids in a membership message, and returns how many of them are new. */
function noteIds(body: Buffer, seen: Uint8Array): number {
  let added = 0;
  for (let at = body.indexOf(ID); at >= 0; at = body.indexOf(ID, at + 1)) {
    let id = 0;
    for (let digit = body[at + ID.length] ?? 0, next = at + ID.length; digit >= 48 && digit <= 57; ) {
      id = id * 10 + digit - 48;
      next += 1;
      digit = body[next] ?? 0;
    }
    if (seen[id] === 0) {
      seen[id] = 1;
      added += 1;
    }
  }
  return added;
}

function dial({ port, projectKey, service }: LeanOptions): Promise<TLSSocket> {
  const identity = newServiceIdentity(service);
  const psk = pskOf(serviceKey(projectKey, service), identity);
  const socket = connect({
    ...TLS_OPTIONS,
    host: '127.0.0.1',
    port,
    pskCallback: () => ({ psk, identity }),
    checkServerIdentity: () => new Error('a certificate where a key was expected'),
  });
  socket.setNoDelay(true);
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Joins as a container of `service`. Rejects if the seed refuses the node. */
export async function joinLean(options: LeanOptions): Promise<LeanNode> {
  const socket = await dial(options);
  const decoder = new FrameDecoder();
  const seen = new Uint8Array(16_384);
  const waiting = new Map<number, (frame: Frame | Error) => void>();
  let known = 0;
  let changedAt = 0;
  let lastId = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let reached = Promise.withResolvers<number>();
  let quiet = true;

  const send = (type: number, flags: number, id: number, body: Buffer) =>
    socket.write(encodeFrame({ type, flags, id, body }));
  const request = async (type: number, body: object): Promise<Record<string, unknown>> => {
    lastId += 1;
    const id = lastId;
    const answer = new Promise<Frame | Error>((resolve) => waiting.set(id, resolve));
    send(type, 0, id, Buffer.from(JSON.stringify(body)));
    const frame = await answer;
    if (frame instanceof Error) throw frame;
    const parsed: unknown = JSON.parse(frame.body.toString());
    if (frame.flags & FrameFlag.failed) throw new Error(`request ${type}: ${frame.body}`);
    return { ...(typeof parsed === 'object' ? parsed : {}) };
  };
  const onFrame = (frame: Frame) => {
    if (frame.flags & FrameFlag.reply) {
      waiting.get(frame.id)?.(frame);
      waiting.delete(frame.id);
    } else if (frame.type === MembershipChanged.number) {
      const added = noteIds(frame.flags & FrameFlag.deflated ? inflated(frame) : frame.body, seen);
      known += added;
      if (added > 0) changedAt = now();
      if (known >= wanted) reached.resolve(changedAt);
    } else if (frame.type === PING) send(frame.type, FrameFlag.reply, frame.id, EMPTY);
    else if (frame.type === Introduce.number) {
      const { relay, token } = JSON.parse(frame.body.toString());
      void options.introduce?.(relay, token).then(() => send(frame.type, FrameFlag.reply, frame.id, EMPTY));
    }
  };
  socket.on('data', (chunk: Buffer) => {
    quiet = false;
    for (const frame of decoder.push(chunk)) onFrame(frame);
  });
  const heartbeat = setInterval(() => {
    if (quiet) send(PING, 0, ++lastId, EMPTY);
    quiet = true;
  }, HEARTBEAT);
  socket.once('close', () => {
    clearInterval(heartbeat);
    const gone = new Error('the seed closed the connection');
    for (const resolve of waiting.values()) resolve(gone);
    reached.reject(gone);
    reached.promise.catch(() => undefined);
  });
  socket.on('error', () => socket.destroy());

  const { service } = options;
  const local = { address: '127.0.0.1', port: socket.localPort ?? 0 };
  const [, joined] = await Promise.all([
    request(Hello.number, { version: 1, capabilities: ['relay', DEFLATE] }),
    request(Join.number, {
      role: 'container',
      service,
      networks: { default: [service] },
      hostname: service,
      container: '',
      local,
      via: '127.0.0.1',
    }),
  ]);
  return {
    id: Number(joined.nodeId),
    address: String(joined.address),
    known: () => known,
    knows(count) {
      if (known >= count) return Promise.resolve(changedAt);
      wanted = count;
      reached = Promise.withResolvers();
      return reached.promise;
    },
    request,
    close: () => socket.destroy(),
  };
}
