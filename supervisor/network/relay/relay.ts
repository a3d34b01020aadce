import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { ControlError, codeOf } from '../../control/control-error.ts';
import { readPreface } from '../../control/preface.ts';
import { type Waiting, type WaitOptions, waitFor } from '../../control/waiting.ts';
import type { RelaySettings } from '../../published/node-config.ts';
import {
  defaultLimits,
  FlowAdmission,
  type FlowLimits,
  type Lease,
  type Party,
  type Refusal,
} from './flow-limits.ts';
import { type InitiatorPort, openInitiatorPort } from './initiator-port.ts';
import { PortCycle, type PortRange } from './port-range.ts';
import { type Flow, Pump, type PumpAddon } from './pump.ts';

export interface RelayLimits extends FlowLimits {
  /** The most connections to the dial-in port that have not shown a token yet. */
  readonly strangers: number;
  /** How long such a connection may take to show its token, in ms. */
  readonly prefaceTimeout: number;
}

export interface RelayOptions {
  readonly addon: PumpAddon;
  /** The address to listen on; all IPv4 addresses by default. */
  readonly host?: string | undefined;
  /** The relay's address as nodes reach it, where it is the same for all of them. */
  readonly advertise?: string | undefined;
  /** The dial-in port; any free one by default. */
  readonly port?: number | undefined;
  /** The ports for initiators; any free ones by default. */
  readonly ports?: PortRange | undefined;
  /**
   * The time without a byte after which a flow is reset, in ms. 0, the default: a flow may be idle for ever,
   * as long as both its ends are alive.
   */
  readonly idleTimeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<RelayLimits> | undefined;
  /** Takes a line about refused flows now and then. */
  readonly log?: ((line: string) => void) | undefined;
}

/** The options that a relay's configuration stands for. Times in a configuration are in seconds. */
export function relayOptionsOf(settings: RelaySettings | undefined): Partial<RelayOptions> {
  if (!settings) return {};
  const { port, ports, idleTimeout, flows } = settings;
  return {
    port,
    ports,
    idleTimeout: idleTimeout === undefined ? undefined : idleTimeout * 1000,
    limits: flows === undefined ? undefined : { flows: Math.min(flows, defaultLimits().flows) },
  };
}

export interface RelayStatus {
  /** Flows that are carried or being opened. */
  readonly flows: number;
  /** Bytes that these flows hold. */
  readonly bytes: number;
  /** Bytes that flows carried, in both directions; a flow counts when it has ended. */
  readonly carried: number;
  /** How many flows were refused, by reason. */
  readonly refused: ReadonlyMap<Refusal, number>;
}

export interface Relay {
  readonly address: string;
  /** Acceptors connect here and write their token. */
  readonly port: number;
  /** Takes a flow's place in the limits. Throws as `FlowAdmission.admit`. */
  admit(initiator: Party, acceptor?: Party): Lease;
  /** Gives every socket that dials in with `token` to `take`, which owns it, until `signal` aborts. */
  serve(token: string, take: (socket: Socket) => void, signal: AbortSignal): void;
  /**
   * Waits for the acceptor that dials in with `token` (32 hex digits), for 10 s by default. The caller owns
   * the socket.
   */
  expect(token: string, options?: WaitOptions): Promise<Socket>;
  /**
   * Opens a port for one connection of an initiator; see `openInitiatorPort`. The port is one of the range,
   * where there is a range and `anyPort` is not set.
   */
  openInitiatorPort(observedAddress: string, options?: InitiatorOptions): Promise<InitiatorPort>;
  /** Joins two connections into one, in the lease's place. Owns both sockets from now on. */
  join(lease: Lease, near: Socket, far: Socket): Flow;
  /** Resets the flows in which `party` takes part. */
  reset(party: Party): void;
  status(): RelayStatus;
  /** Admits no further flow, gives the present flows `grace` ms to end, and closes. */
  drain(grace: number): Promise<void>;
  /** Ends all waits with ECONNABORTED, and resets all flows. */
  close(): void;
}

interface InitiatorOptions extends WaitOptions {
  /** The initiator reaches every port of this host, not only those of the range. */
  readonly anyPort?: boolean | undefined;
}

const TOKEN_SIZE = 16;
/**
 * ms. A token that is lost is sent again 3 s later where the first packet of its connection was lost, too
 * (RFC 6298, 5.7), and may be lost once more.
 */
const PREFACE_TIMEOUT = 8000;
const STRANGERS = { strangers: 512, prefaceTimeout: PREFACE_TIMEOUT };

/** Opens the dial-in port. Rejects with the system's error where no port can be had, or with the signal's reason. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { host = '0.0.0.0', port = 0, signal } = options;
  const limits = { ...defaultLimits(), ...STRANGERS, ...options.limits };
  signal?.throwIfAborted();
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen({ port, host, backlog: limits.strangers });
  await once(server, 'listening');
  return new ListeningRelay(server, host, limits, options);
}

class ListeningRelay implements Relay {
  readonly address: string;
  readonly port: number;
  readonly #server: Server;
  readonly #host: string;
  readonly #limits: RelayLimits;
  readonly #signal: AbortSignal | undefined;
  readonly #cycle: PortCycle | undefined;
  readonly #pump: Pump;
  readonly #admission: FlowAdmission;
  /** By token: the acceptors that are waited for, once each. */
  readonly #expected = new Map<string, Waiting<Socket>>();
  /** By token: the taker of every connection that shows it. */
  readonly #served = new Map<string, (socket: Socket) => void>();
  readonly #opened = new Set<InitiatorPort>();
  readonly #strangers = new Set<Socket>();
  readonly #abort = () => this.close();
  #carried = 0;
  #isClosed = false;

  constructor(server: Server, host: string, limits: RelayLimits, options: RelayOptions) {
    const { advertise = host, idleTimeout = 0, signal, ports, log = () => undefined } = options;
    this.address = advertise;
    this.port = portOf(server);
    this.#server = server;
    this.#host = host;
    this.#limits = limits;
    this.#signal = signal;
    this.#cycle = ports && new PortCycle(ports);
    this.#pump = new Pump(options.addon, { flows: limits.flows, idleTimeout });
    this.#admission = new FlowAdmission(limits, () => this.#pump.held(), log);
    server.on('connection', (socket) => void this.#receive(socket));
    signal?.addEventListener('abort', this.#abort);
  }

  admit(initiator: Party, acceptor?: Party): Lease {
    return this.#admission.admit(initiator, acceptor);
  }

  expect(token: string, options: WaitOptions = {}): Promise<Socket> {
    const waiting = waitFor<Socket>('the acceptor', options, () => this.#expected.delete(token));
    this.#expected.set(token, waiting);
    if (this.#isClosed) waiting.reject(new ControlError('ECONNABORTED', 'the relay closed'));
    return waiting.promise;
  }

  serve(token: string, take: (socket: Socket) => void, until: AbortSignal): void {
    if (until.aborted) return;
    this.#served.set(token, take);
    until.addEventListener('abort', () => this.#served.delete(token), { once: true });
  }

  async openInitiatorPort(
    observedAddress: string,
    { anyPort = false, ...options }: InitiatorOptions = {},
  ): Promise<InitiatorPort> {
    try {
      const ports = anyPort ? undefined : this.#cycle;
      const initiator = await openInitiatorPort(this.#host, observedAddress, options, ports);
      this.#opened.add(initiator);
      initiator.connection.catch(() => undefined).finally(() => this.#opened.delete(initiator));
      return initiator;
    } catch (error) {
      if (codeOf(error) !== 'EADDRNOTAVAIL') throw error;
      const message = `all ${this.#cycle?.size} ports of the relay are in use`;
      throw this.#admission.refuse('ports', 'EADDRNOTAVAIL', message);
    }
  }

  join(lease: Lease, near: Socket, far: Socket): Flow {
    const flow = this.#pump.join(near, far);
    lease.hold(flow);
    void flow.done.then(({ sent, received }) => {
      this.#carried += sent + received;
    });
    return flow;
  }

  reset(party: Party): void {
    this.#admission.reset(party);
  }

  status(): RelayStatus {
    const { size: flows } = this.#admission;
    const refused = this.#admission.refusals();
    return { flows, bytes: this.#pump.held(), carried: this.#carried, refused };
  }

  async drain(grace: number): Promise<void> {
    const timer = setTimeout(() => this.close(), grace);
    await Promise.race([this.#admission.drain(), once(this.#server, 'close')]);
    clearTimeout(timer);
    this.close();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    const reason = new ControlError('ECONNABORTED', 'the relay closed');
    this.#server.close();
    for (const socket of this.#strangers) socket.destroy();
    for (const waiting of this.#expected.values()) waiting.reject(reason);
    for (const initiator of this.#opened) initiator.close(reason);
    this.#pump.close();
  }

  /** Gives a connection that dialled in to whoever its token names. */
  async #receive(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    if (this.#strangers.size >= this.#limits.strangers) return void socket.resetAndDestroy();
    this.#strangers.add(socket);
    try {
      const preface = await readPreface(socket, TOKEN_SIZE, this.#limits.prefaceTimeout);
      const token = preface.toString('hex');
      const take = this.#served.get(token);
      if (take) return take(socket);
      const waiting = this.#expected.get(token);
      // Removed in the same turn: a second connection with the same token always comes too late.
      this.#expected.delete(token);
      if (!waiting) throw new ControlError('EACCES', 'nobody waits for this token');
      waiting.resolve(socket);
    } catch {
      socket.resetAndDestroy();
    } finally {
      this.#strangers.delete(socket);
    }
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the relay does not listen on a TCP port');
  return address.port;
}
