import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { ControlError } from '../../control/control-error.ts';
import { readPreface } from '../../control/preface.ts';
import { type Waiting, type WaitOptions, waitFor } from '../../control/waiting.ts';

export interface DialInLimits {
  /** Maximum number of connections that have not shown a token yet. */
  readonly strangers: number;
  /** How long a connection may take to show its token, ms. */
  readonly prefaceTimeout: number;
}

const TOKEN_SIZE = 16;

/** The port of a relay where acceptors connect and write the token of their flow. */
export class DialInPort {
  readonly #limits: DialInLimits;
  readonly #server: Server;
  /** By token: the waits for acceptors, each for one connection. */
  readonly #expected = new Map<string, Waiting<Socket>>();
  /** By token: the function that takes every connection which shows the token. */
  readonly #served = new Map<string, (socket: Socket) => void>();
  readonly #strangers = new Set<Socket>();
  #closed = false;

  private constructor(limits: DialInLimits) {
    this.#limits = limits;
    const options = { allowHalfOpen: true, noDelay: true };
    this.#server = createServer(options, (socket) => void this.#receive(socket));
  }

  /** Opens the port; 0 is any free one. Rejects with the system's error if the port cannot be opened. */
  static async open(host: string, port: number, limits: DialInLimits): Promise<DialInPort> {
    const dialIn = new DialInPort(limits);
    dialIn.#server.listen({ port, host, backlog: limits.strangers });
    await once(dialIn.#server, 'listening');
    return dialIn;
  }

  get number(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Waits for the one connection that shows `token` (32 hex digits); the caller owns it. Rejects with the
   * errors of `waitFor`, or with ECONNABORTED.
   */
  expect(token: string, options: WaitOptions): Promise<Socket> {
    const waiting = waitFor<Socket>('the acceptor', options, () => this.#expected.delete(token));
    this.#expected.set(token, waiting);
    if (this.#closed) waiting.reject(new ControlError('ECONNABORTED', 'the relay closed'));
    return waiting.promise;
  }

  /** Gives every connection that shows `token` to `take`, which owns it, until `signal` aborts. */
  serve(token: string, take: (socket: Socket) => void, signal: AbortSignal): void {
    this.#served.set(token, take);
    signal.addEventListener('abort', () => this.#served.delete(token), { once: true });
    if (signal.aborted) this.#served.delete(token);
  }

  /** Resolves when the port is closed. */
  async closed(): Promise<void> {
    await once(this.#server, 'close');
  }

  /** Closes the port. All waits reject with `reason`. */
  close(reason: ControlError): void {
    this.#closed = true;
    this.#server.close();
    for (const socket of this.#strangers) socket.destroy();
    for (const waiting of this.#expected.values()) waiting.reject(reason);
  }

  /** Gives an incoming connection to the taker of its token. */
  async #receive(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    if (this.#strangers.size >= this.#limits.strangers) return void socket.resetAndDestroy();
    this.#strangers.add(socket);
    try {
      const token = await readPreface(socket, TOKEN_SIZE, this.#limits.prefaceTimeout);
      this.#takerOf(token.toString('hex'))(socket);
    } catch {
      socket.resetAndDestroy();
    } finally {
      this.#strangers.delete(socket);
    }
    return undefined;
  }

  #takerOf(token: string): (socket: Socket) => void {
    const taker = this.#served.get(token) ?? this.#expected.get(token)?.resolve;
    if (!taker) throw new ControlError('EACCES', 'no flow waits for this token');
    // The token is removed in the same turn of the event loop, so a second connection with this token always
    // comes too late.
    this.#expected.delete(token);
    return taker;
  }
}
