import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ControlError } from '../../control/control-error.ts';
import { type Waiting, type WaitOptions, waitFor } from '../../control/waiting.ts';
import { type InitiatorPort, openInitiatorPort } from './initiator-port.ts';
import { readPreface } from './preface.ts';

export interface RelayLimits {
  /** Tokens that are waited for, initiator ports that are open, and connections that were handed out, together. */
  readonly places: number;
  /** Connections to the dial-in port that have not shown a token yet. */
  readonly strangers: number;
  /** ms in which they have to */
  readonly prefaceTimeout: number;
}

export interface RelayOptions {
  /** All IPv4 addresses unless told otherwise. */
  readonly host?: string | undefined;
  /** The address to tell others, where one fits all. */
  readonly advertise?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<RelayLimits> | undefined;
}

/** Waits take 10 s unless told otherwise. Without a free place they reject with ControlError ENOBUFS. */
export interface Relay {
  readonly address: string;
  /** Acceptors connect here and write their token. */
  readonly port: number;
  /** The acceptor that dials in with `token` (32 hex digits); what follows the token is unread. The caller owns the socket. */
  expect(token: string, options?: WaitOptions): Promise<Socket>;
  /** A port for one connection of an initiator, see `openInitiatorPort`. */
  openInitiatorPort(observedAddress: string, options?: WaitOptions): Promise<InitiatorPort>;
  /** Waits end with ECONNABORTED; connections that were handed out live on. */
  close(): void;
}

const TOKEN_SIZE = 16;
const LIMITS: RelayLimits = { places: 16_384, strangers: 512, prefaceTimeout: 2000 };

/** Rejects with the system's error where no port can be had. */
export async function startRelay(options: RelayOptions = {}): Promise<Relay> {
  const { host = '0.0.0.0', advertise = host, signal } = options;
  const limits = { ...LIMITS, ...options.limits };
  signal?.throwIfAborted();
  const expected = new Map<string, Waiting<Socket>>();
  const ports = new Set<InitiatorPort>();
  const strangers = new Set<Socket>();
  const handedOut = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void admit(socket));
  server.listen({ port: 0, host, backlog: limits.strangers });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function admit(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    if (strangers.size >= limits.strangers) return void socket.resetAndDestroy();
    strangers.add(socket);
    try {
      const token = await readPreface(socket, TOKEN_SIZE, limits.prefaceTimeout);
      const shown = token.toString('hex');
      const waiting = expected.get(shown);
      // At once: a second connection with the same token comes too late, even in the same turn.
      expected.delete(shown);
      if (!waiting) throw new ControlError('EACCES', 'nobody waits for this token');
      handOut(socket);
      waiting.resolve(socket);
    } catch {
      socket.resetAndDestroy();
    } finally {
      strangers.delete(socket);
    }
  }

  function handOut(socket: Socket): void {
    handedOut.add(socket);
    socket.once('close', () => handedOut.delete(socket));
  }

  const isFull = () => expected.size + ports.size + handedOut.size >= limits.places;
  const full = () => new ControlError('ENOBUFS', `the relay carries ${limits.places} connections already`);

  function close(): void {
    signal?.removeEventListener('abort', close);
    const reason = new ControlError('ECONNABORTED', 'the relay closed');
    server.close();
    for (const socket of strangers) socket.destroy();
    for (const waiting of expected.values()) waiting.reject(reason);
    for (const initiator of ports) initiator.close(reason);
  }
  signal?.addEventListener('abort', close);

  return {
    address: advertise,
    port,
    close,
    expect(token, waitOptions = {}) {
      if (isFull()) return Promise.reject(full());
      const waiting = waitFor<Socket>('the acceptor', waitOptions, () => expected.delete(token));
      expected.set(token, waiting);
      return waiting.promise;
    },
    async openInitiatorPort(observedAddress, waitOptions = {}) {
      if (isFull()) throw full();
      const initiator = await openInitiatorPort(host, observedAddress, waitOptions);
      ports.add(initiator);
      initiator.connection.then(handOut, () => undefined).finally(() => ports.delete(initiator));
      return initiator;
    },
  };
}
