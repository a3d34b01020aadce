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
  const session = new LeanSession(socket, options.introduce);
  const { service } = options;
  const [, joined] = await Promise.all([
    session.request(Hello.number, { version: 1, capabilities: ['relay', DEFLATE] }),
    session.request(Join.number, {
      role: 'container',
      service,
      networks: { default: [service] },
      hostname: service,
      container: '',
      local: { address: '127.0.0.1', port: socket.localPort ?? 0 },
      via: '127.0.0.1',
    }),
  ]);
  return new LeanNode(session, Number(joined.nodeId), String(joined.address));
}

/**
 * A node that the seed cannot tell from a real one: it uses real TLS and real frames, sends heartbeats, and
 * follows the membership. So that a thousand of them fit into one process, it only searches the members' JSON
 * for ids and does not parse it.
 */
export class LeanNode {
  readonly id: number;
  /** The overlay address. */
  readonly address: string;
  readonly #session: LeanSession;

  constructor(session: LeanSession, id: number, address: string) {
    this.#session = session;
    this.id = id;
    this.address = address;
  }

  /** The number of different nodes of which the seed has told it. */
  known(): number {
    return this.#session.members.known;
  }

  /** Resolves to the time (ms since the epoch) at which it first knew `count` nodes. */
  knows(count: number): Promise<number> {
    return this.#session.members.knows(count);
  }

  request(type: number, body: object): Promise<Record<string, unknown>> {
    return this.#session.request(type, body);
  }

  close(): void {
    this.#session.close();
  }
}

/** Counts the nodes of which the seed has told. */
class MemberCount {
  known = 0;
  readonly #seen = new Uint8Array(16_384);
  #changedAt = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #reached = Promise.withResolvers<number>();

  /** Takes the body of a membership message. */
  note(body: Buffer): void {
    const added = noteIds(body, this.#seen);
    this.known += added;
    if (added > 0) this.#changedAt = now();
    if (this.known >= this.#wanted) this.#reached.resolve(this.#changedAt);
  }

  knows(count: number): Promise<number> {
    if (this.known >= count) return Promise.resolve(this.#changedAt);
    this.#wanted = count;
    this.#reached = Promise.withResolvers();
    return this.#reached.promise;
  }

  fail(error: Error): void {
    this.#reached.reject(error);
    this.#reached.promise.catch(() => undefined);
  }
}

/** The control connection of a lean node. */
class LeanSession {
  readonly members = new MemberCount();
  readonly #socket: TLSSocket;
  readonly #introduce: LeanOptions['introduce'];
  readonly #waiting = new Map<number, (frame: Frame | Error) => void>();
  #lastId = 0;
  #isQuiet = true;

  constructor(socket: TLSSocket, introduce: LeanOptions['introduce']) {
    this.#socket = socket;
    this.#introduce = introduce;
    const decoder = new FrameDecoder();
    socket.on('data', (chunk: Buffer) => {
      this.#isQuiet = false;
      for (const frame of decoder.push(chunk)) this.#onFrame(frame);
    });
    const heartbeat = setInterval(() => this.#beat(), HEARTBEAT);
    socket.once('close', () => {
      clearInterval(heartbeat);
      this.#fail(new Error('the seed closed the connection'));
    });
    socket.on('error', () => socket.destroy());
  }

  async request(type: number, body: object): Promise<Record<string, unknown>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<Frame | Error>((resolve) => this.#waiting.set(id, resolve));
    this.#send(type, 0, id, Buffer.from(JSON.stringify(body)));
    const frame = await answer;
    if (frame instanceof Error) throw frame;
    const parsed: unknown = JSON.parse(frame.body.toString());
    if (frame.flags & FrameFlag.failed) throw new Error(`request ${type}: ${frame.body}`);
    return { ...(typeof parsed === 'object' ? parsed : {}) };
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(type: number, flags: number, id: number, body: Buffer): void {
    this.#socket.write(encodeFrame({ type, flags, id, body }));
  }

  #beat(): void {
    if (this.#isQuiet) this.#send(PING, 0, ++this.#lastId, EMPTY);
    this.#isQuiet = true;
  }

  #fail(error: Error): void {
    for (const resolve of this.#waiting.values()) resolve(error);
    this.members.fail(error);
  }

  #onFrame(frame: Frame): void {
    const { type, id } = frame;
    if (frame.flags & FrameFlag.reply) {
      this.#waiting.get(id)?.(frame);
      this.#waiting.delete(id);
    } else if (type === MembershipChanged.number)
      this.members.note(frame.flags & FrameFlag.deflated ? inflated(frame) : frame.body);
    else if (type === PING) this.#send(type, FrameFlag.reply, id, EMPTY);
    else if (type === Introduce.number) {
      const { relay, token } = JSON.parse(frame.body.toString());
      void this.#introduce?.(relay, token).then(() => this.#send(type, FrameFlag.reply, id, EMPTY));
    }
  }
}
